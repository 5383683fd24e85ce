// SPDX-License-Identifier: Apache-2.0
// From the fields of a form to the sealed box of an account's password.
import { accounts, Problem } from "../lib/api.ts";
import { t } from "../lib/i18n.ts";
import { seal } from "../lib/seal.ts";
import { session } from "../lib/session.svelte.ts";
import type { Account, TlsMode } from "../lib/types.ts";
import type { Server } from "./ServerFields.svelte";

/* A certificate is bound byte for byte: one form for what was typed or pasted. */
export function normalCa(text: string): string {
	const lines = text.replace(/\r\n?/g, "\n").trim();
	return lines ? `${lines}\n` : "";
}

export interface Endpoint {
	provider: string;
	host: string;
	port: number;
	tls: TlsMode;
	user: string;
	ca: string;
	private_network?: boolean; // absent: stays as it is
}

export function endpointOf(server: Server, provider: string): Endpoint {
	return {
		provider,
		host: server.host.trim(),
		port: Number(server.port),
		tls: server.tls,
		user: server.user.trim(),
		ca: normalCa(server.ca),
		...(session.administers ? { private_network: server.private_network } : {}),
	};
}

export function wrongFields(endpoint: Endpoint, words: { host: string; port: string; user: string; ca: string }): Record<string, string> {
	const wrong: Record<string, string> = {};
	if (!/^[^\s/:@]+$/.test(endpoint.host) && !/^[0-9a-f:]+$/i.test(endpoint.host)) wrong["host"] = words.host;
	if (!Number.isInteger(endpoint.port) || endpoint.port < 1 || endpoint.port > 65535) wrong["port"] = words.port;
	if (!endpoint.user) wrong["user"] = words.user;
	if (endpoint.ca && !/-----BEGIN CERTIFICATE-----/.test(endpoint.ca)) wrong["ca"] = words.ca;
	return wrong;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/* The key to seal to; the vault may just be starting. */
async function vaultKey(): Promise<string> {
	for (let tries = 0; tries < 5; tries++) {
		const { vault } = await accounts.list();
		if (vault) return vault.public_key;
		await pause(1500);
	}
	throw new Problem("unavailable", 503, t("add.noVault"));
}

/* Seals the password for exactly this account and server, and hands in the box. */
export async function handInSecret(account: Account, ca: string, password: string): Promise<void> {
	const imap = account.imap;
	if (!imap) throw new Error("not a mailbox account");
	const { provider, host, port, tls, user } = imap;
	const box = await seal(await vaultKey(), { account: account.id, provider, host, port, tls, ca, user }, password);
	for (let tries = 0; ; tries++) {
		try {
			await accounts.secret(account.id, box);
			return;
		} catch (problem) {
			/* A connection of this account is still being closed. */
			const busy = problem instanceof Problem && problem.status === 503;
			if (!busy || tries >= 4) throw problem;
			await pause(1500);
		}
	}
}
