// Waiting for something that another process does.
import { setTimeout as sleep } from 'node:timers/promises';

/** What `look` finds, once that is something; a failure that says what was waited for when it takes too long. */
export async function until(what, look, milliseconds = 20_000) {
  for (const deadline = Date.now() + milliseconds; ; await sleep(10)) {
    const found = await look();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`waited ${milliseconds} ms for ${what}`);
  }
}
