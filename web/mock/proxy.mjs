// SPDX-License-Identifier: Apache-2.0
// The built interface in front of a real hub, to work on one without building the
// other:  sh tools/node.sh mock/proxy.mjs PORT HUB-PORT  (public_url = http://localhost:PORT)
import { createServer, request as ask } from "node:http";
import { page } from "./static.mjs";

const [port, hub] = process.argv.slice(2).map(Number);
createServer((request, response) => {
	if (!/^\/(api\/|healthz|readyz)/.test(request.url)) {
		page(request, response, new URL(request.url, "http://localhost"));
		return;
	}
	const { method, url, headers } = request;
	const onward = ask({ host: "127.0.0.1", port: hub, method, path: url, headers }, (answer) => {
		response.writeHead(answer.statusCode, answer.headers);
		answer.pipe(response);
	});
	onward.on("error", () => response.destroy());
	response.on("close", () => onward.destroy());
	request.pipe(onward);
}).listen(port, "127.0.0.1");
