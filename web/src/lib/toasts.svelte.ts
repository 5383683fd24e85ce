// SPDX-License-Identifier: Apache-2.0
// Short notices at the foot of the page. They stay 6 seconds, longer while
// pointed at or focused; errors stay until closed.
export interface Toast {
	id: number;
	words: string;
	error: boolean;
	action?: { label: string; run: () => void };
}

class Toasts {
	list = $state<Toast[]>([]);
	private next = 1;

	show(words: string, action?: Toast["action"]): void {
		this.list = [...this.list.slice(-2), { id: this.next++, words, error: false, ...(action ? { action } : {}) }];
	}

	fail(words: string): void {
		this.list = [...this.list.slice(-2), { id: this.next++, words, error: true }];
	}

	close(id: number): void {
		this.list = this.list.filter((toast) => toast.id !== id);
	}
}

export const toasts = new Toasts();
