import { packError } from '@troupe/transport';
import type { Notice } from './parcels.ts';
import type { Interest, News } from './protocol.ts';

/** How many dead letters, dropped messages, overflows and log entries a node tells of in a second, of each kind. */
const MOST_A_SECOND = 1000;

/**
 * What a node is going to tell its host: only what somebody wants to hear, and not more than anybody can. A run that
 * drops messages because it has too many must not send as many notes about it.
 */
export class Newsletter {
  interest: Interest = { logLevel: undefined, deadLetters: false, dropped: false, overflow: false };
  #news: News[] = [];
  #second = -1;
  readonly #told = new Map<Notice['kind'], number>();

  /** Takes in a notice, at `now` seconds. */
  add(notice: Notice, now: number): void {
    const { logLevel, deadLetters, dropped, overflow } = this.interest;
    const isWanted = { log: logLevel !== undefined, deadLetter: deadLetters, dropped, overflow };
    switch (notice.kind) {
      case 'log':
      case 'deadLetter':
      case 'dropped':
      case 'overflow':
        if (isWanted[notice.kind] && this.#isFew(notice.kind, now)) this.#news.push(notice);
        return;
      case 'failure':
        this.#news.push({ kind: 'failure', error: packError(notice.error), action: notice.action });
        return;
      case 'refusal':
        this.#news.push({ kind: 'refusal', ticket: notice.ticket, error: packError(notice.error) });
        return;
      case 'open':
      case 'fatal':
        return;
      default:
        this.#news.push(notice);
    }
  }

  /** All that there is to tell. */
  take(): readonly News[] {
    const news = this.#news;
    if (news.length > 0) this.#news = [];
    return news;
  }

  #isFew(kind: Notice['kind'], now: number): boolean {
    const second = Math.floor(now);
    if (second !== this.#second) {
      this.#second = second;
      this.#told.clear();
    }
    const told = (this.#told.get(kind) ?? 0) + 1;
    this.#told.set(kind, told);
    return told <= MOST_A_SECOND;
  }
}
