/**
 * ``load``, never twice at a time: who asks while it runs has it run once more, a little later.
 *
 * So what changes many times a second is asked for as often as it can be shown, and the last change is never missed.
 */
export function settling(load: () => Promise<void>, pauseMs: number): () => Promise<void> {
  let running = false;
  let again = false;
  return async () => {
    again = running;
    if (running) return;
    running = true;
    try {
      do {
        again = false;
        await load();
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      } while (again);
    } finally {
      running = false;
    }
  };
}
