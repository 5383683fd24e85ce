// SPDX-License-Identifier: Apache-2.0
// Every text of the user interface, whole sentences with placeholders (i18n.ts
// describes the notation), in one file an area. Another language is another set of them.
// Wording rules: short, everyday words, active, no blame; name people and things.
import { accounts } from "../messages/accounts.ts";
import { common } from "../messages/common.ts";
import { hub } from "../messages/hub.ts";
import { imports } from "../messages/imports.ts";
import { reader } from "../messages/reader.ts";
import { search } from "../messages/search.ts";
import { signin } from "../messages/signin.ts";

export const messages = { ...accounts, ...common, ...hub, ...imports, ...reader, ...search, ...signin } as const;

export type MessageKey = keyof typeof messages;
