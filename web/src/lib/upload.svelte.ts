// SPDX-License-Identifier: Apache-2.0
// Uploads of mail files in pieces. They live outside the pages, so that a visit to
// another page does not stop them; after a reload the same file goes on where it
// stopped, because the hub knows how much it has.
import { imports, Problem } from "./api.ts";
import { Pace } from "./progress.ts";
import type { Import } from "./types.ts";

const pieceSize = 4 * 1024 * 1024;
const retryDelays = [1000, 2000, 5000, 10000, 20000, 30000];

export class Upload {
	readonly id: string;
	done = $state(0);
	total = $state(0);
	rate = $state(0);
	left = $state<number | null>(null);
	error = $state.raw<unknown>(null);
	running = $state(false);
	waiting = $state(false); // the hub did not answer; tried again by itself
	private readonly files: Map<string, File>;
	private readonly abort = new AbortController();

	constructor(id: string, files: Map<string, File>) {
		this.id = id;
		this.files = files;
	}

	/* Sends what is missing, then tells the hub to begin. */
	async run(import_: Import): Promise<void> {
		this.running = true;
		this.error = null;
		this.total = import_.files.reduce((sum, file) => sum + file.size, 0);
		this.done = import_.files.reduce((sum, file) => sum + file.received, 0);
		const pace = new Pace(Date.now(), this.done);
		try {
			for (const file of import_.files) {
				const source = this.files.get(file.id);
				if (source) await this.send(file.id, source, file.received, pace);
			}
			await imports.start(this.id);
		} catch (problem) {
			if (!this.abort.signal.aborted) this.error = problem;
		}
		this.running = false;
	}

	private async send(file: string, source: File, from: number, pace: Pace): Promise<void> {
		let offset = from;
		while (offset < source.size) {
			const piece = source.slice(offset, offset + pieceSize);
			const received = await this.put(file, offset, piece);
			this.done += received - offset;
			offset = received;
			pace.note(Date.now(), this.done);
			this.rate = pace.bytesPerSecond;
			this.left = pace.left(this.total);
		}
	}

	private async put(file: string, offset: number, piece: Blob): Promise<number> {
		for (let tries = 0; ; tries++) {
			try {
				const { received } = await imports.put(this.id, file, offset, piece, this.abort.signal);
				this.waiting = false;
				return received;
			} catch (problem) {
				const passing = problem instanceof Problem && (problem.status === 0 || problem.status >= 500 || problem.status === 429);
				if (!passing || tries >= retryDelays.length) throw problem;
				this.waiting = true;
				await new Promise((resolve) => setTimeout(resolve, retryDelays[tries]));
			}
		}
	}

	stop(): void {
		this.abort.abort();
	}
}

class Uploads {
	all = $state.raw<Upload[]>([]);

	get(id: string): Upload | undefined {
		return this.all.find((upload) => upload.id === id);
	}

	start(import_: Import, files: Map<string, File>): Upload {
		this.get(import_.id)?.stop();
		const upload = new Upload(import_.id, files);
		this.all = [...this.all.filter((other) => other.id !== import_.id), upload];
		void upload.run(import_);
		return upload;
	}

	get busy(): boolean {
		return this.all.some((upload) => upload.running);
	}
}

export const uploads = new Uploads();

addEventListener("beforeunload", (event) => {
	if (uploads.busy) event.preventDefault();
});
