// SPDX-License-Identifier: Apache-2.0
// Rate and time left of an upload that this browser runs itself. The time left is
// shown only after five seconds, and smoothed, so that it does not jump.

export class Pace {
	private readonly started: number;
	private readonly from: number;
	private rate = 0;
	private last: { at: number; done: number };

	constructor(now: number, done: number) {
		this.started = now;
		this.from = done;
		this.last = { at: now, done };
	}

	/* Tells that `done` bytes are there at `now` (milliseconds). */
	note(now: number, done: number): void {
		const seconds = (now - this.last.at) / 1000;
		if (seconds <= 0) return;
		const present = (done - this.last.done) / seconds;
		this.rate = this.rate ? this.rate * 0.7 + present * 0.3 : present;
		this.last = { at: now, done };
	}

	get bytesPerSecond(): number {
		return this.rate;
	}

	/* Seconds left, or null while it would be a guess. */
	left(total: number): number | null {
		const old = this.last.at - this.started >= 5000 && this.last.done > this.from;
		return old && this.rate > 0 ? (total - this.last.done) / this.rate : null;
	}
}
