// SPDX-License-Identifier: Apache-2.0
import { mount } from "svelte";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/components.css";
import "./styles/app.css";
import App from "./App.svelte";

const target = document.getElementById("app");
if (target) mount(App, { target });
