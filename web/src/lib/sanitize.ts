// SPDX-License-Identifier: Apache-2.0
// Makes the HTML of a mail harmless. It runs on the window of the script-less
// frame in which the mail is shown, so that even its parsing happens there; the
// frame's own Content-Security-Policy is the second wall. The result is a tree of
// nodes, never a string.
import createDOMPurify from "dompurify";

export interface SanitizeOptions {
	loadRemote: boolean; // the reader asked for the images from the internet
	inline: (contentId: string) => string | null; // address of an image that came with the mail
}

export interface Sanitized {
	styles: string[];
	body: HTMLElement;
	remote: number; // addresses on the internet that were blocked
	coloured: boolean; // the mail sets colours of its own
}

const forbidden = [
	"form", "input", "button", "select", "option", "optgroup", "textarea", "fieldset", "legend", "label", "datalist",
	"output", "audio", "video", "source", "track", "picture", "iframe", "frame", "frameset", "object", "embed",
	"applet", "base", "meta", "link", "script", "noscript", "template", "slot", "dialog", "canvas", "map", "area",
	"marquee", "svg", "math", "portal", "title",
];
const forbiddenAttributes = [
	"srcset", "sizes", "ping", "formaction", "action", "autofocus", "tabindex", "contenteditable", "draggable",
	"id", "name", "for", "usemap", "download", "accesskey", "popover", "popovertarget", "is", "slot", "part",
];

const remoteAddress = /^\s*(https?:|ftp:|\/\/)/i;
const dataImage = /^data:image\/(png|jpe?g|gif|webp|bmp|x-icon)[;,]/i;

/* Escapes and comments hide url( from a search; both are undone first. */
function plainCss(css: string): string {
	return css
		.replace(/\/\*[\s\S]*?(\*\/|$)/g, " ")
		.replace(/\\([0-9a-f]{1,6})\s?/gi, (_, hex: string) => {
			const point = parseInt(hex, 16);
			return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : "";
		})
		.replace(/\\([^\n])/g, "$1");
}

/* Takes every address out of a style sheet, but images that it carries itself. */
export function cleanCss(css: string, keepRemote: boolean): { css: string; remote: number } {
	let remote = 0;
	const drop = (): string => {
		remote++;
		return "none";
	};
	const clean = plainCss(css)
		.replace(/@(import|charset|namespace)\b[^;{}]*(;|$)/gi, (rule) => (/^@import/i.test(rule) ? (drop(), "") : ""))
		.replace(/@font-face\s*\{[^}]*\}?/gi, (rule) => (/url\(/i.test(rule) ? (drop(), "") : ""))
		.replace(/(?:-webkit-)?(?:image-set|cross-fade|src)\s*\([^;{}]*\)?/gi, drop)
		.replace(/(expression|behavior|-moz-binding)\s*[:(][^;{}]*/gi, "")
		.replace(/url\s*\(\s*("[^"]*"?|'[^']*'?|[^)]*)\s*\)?/gi, (whole, address: string) => {
			const bare = address.replace(/^["']|["']$/g, "").trim();
			if (dataImage.test(bare)) return whole;
			if (keepRemote && remoteAddress.test(bare)) return whole;
			return drop();
		});
	return { css: clean.replaceAll("<", " "), remote };
}

class Cleaner {
	remote = 0;
	coloured = false;
	private readonly options: SanitizeOptions;

	constructor(options: SanitizeOptions) {
		this.options = options;
	}

	css(text: string): string {
		const { css, remote } = cleanCss(text, this.options.loadRemote);
		this.remote += remote;
		if (/(^|[;{\s])(background(-color)?|color)\s*:/i.test(css)) this.coloured = true;
		return css;
	}

	image(element: Element): void {
		const address = element.getAttribute("src") ?? "";
		element.removeAttribute("src");
		if (/^cid:/i.test(address)) {
			const inline = this.options.inline(decode(address.slice(4)));
			if (inline) element.setAttribute("src", inline);
		} else if (dataImage.test(address)) {
			element.setAttribute("src", address);
		} else if (remoteAddress.test(address)) {
			if (this.options.loadRemote) element.setAttribute("src", address.replace(/^\s*\/\//, "https://"));
			else this.remote++;
		}
		element.setAttribute("loading", "lazy");
		element.setAttribute("referrerpolicy", "no-referrer");
		if (!element.hasAttribute("alt")) element.setAttribute("alt", "");
	}

	link(element: Element): void {
		const address = (element.getAttribute("href") ?? "").trim();
		if (!/^(https?:|mailto:|tel:)/i.test(address)) {
			element.removeAttribute("href");
			return;
		}
		element.setAttribute("target", "_blank");
		element.setAttribute("rel", "noopener noreferrer nofollow");
		if (!element.getAttribute("title")) element.setAttribute("title", address.slice(0, 300));
	}

	element(element: Element): void {
		const name = element.localName;
		const style = element.getAttribute("style");
		if (style !== null) element.setAttribute("style", this.css(style));
		if (element.hasAttribute("bgcolor") || element.hasAttribute("color")) this.coloured = true;
		if (element.hasAttribute("background")) {
			const address = element.getAttribute("background") ?? "";
			const remote = remoteAddress.test(address);
			this.coloured = true;
			if (remote && !this.options.loadRemote) this.remote++;
			if (!dataImage.test(address) && !(remote && this.options.loadRemote)) element.removeAttribute("background");
		}
		if (name === "img") this.image(element);
		else if (name === "a") this.link(element);
		else {
			element.removeAttribute("href");
			element.removeAttribute("src");
		}
	}
}

function decode(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}

/* Quoted replies fold by <details>, which needs no script. */
function foldQuotes(body: HTMLElement, label: string): void {
	const doc = body.ownerDocument;
	const outer = "blockquote[type=cite], .gmail_quote, .gmail_quote_container, .moz-cite-prefix + blockquote, .yahoo_quoted";
	for (const quote of body.querySelectorAll(outer)) {
		if (quote.closest("details") || !quote.textContent?.trim()) continue;
		const details = doc.createElement("details");
		const summary = doc.createElement("summary");
		summary.textContent = label;
		details.className = "threads-quote";
		quote.replaceWith(details);
		details.append(summary, quote);
	}
}

export function sanitize(html: string, frame: Window, options: SanitizeOptions, quoteLabel: string): Sanitized {
	const purify = createDOMPurify(frame as Window & typeof globalThis);
	const cleaner = new Cleaner(options);
	/* Even in a document that is never shown, <base> counts as a breach of the frame's policy. */
	const root = purify.sanitize(html.replace(/<(\/?)base\b/gi, "<$1x-base"), {
		USE_PROFILES: { html: true },
		WHOLE_DOCUMENT: true,
		RETURN_DOM: true,
		FORBID_TAGS: forbidden,
		FORBID_ATTR: forbiddenAttributes,
		ADD_TAGS: ["style"],
		ALLOW_DATA_ATTR: false,
		ALLOW_ARIA_ATTR: false,
		/* Also asked for values that are no addresses ("left"); the cleaner looks at addresses again. */
		ALLOWED_URI_REGEXP: /^(?:(?:https?|mailto|tel|cid):|data:image\/|[^a-z]|[a-z+.-]+(?:[^a-z+.\-:]|$))/i,
		SANITIZE_NAMED_PROPS: true,
	}) as HTMLElement;
	const styles: string[] = [];
	for (const style of root.querySelectorAll("style")) {
		styles.push(cleaner.css(style.textContent ?? ""));
		style.remove();
	}
	const body = root.querySelector("body") ?? root;
	for (const element of [body, ...body.querySelectorAll("*")]) cleaner.element(element);
	foldQuotes(body as HTMLElement, quoteLabel);
	return { styles, body: body as HTMLElement, remote: cleaner.remote, coloured: cleaner.coloured };
}
