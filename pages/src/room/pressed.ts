/** Whether a key means its action: not where somebody writes, chooses in a list of ours, or moves the map. */
export function meansAction(event: KeyboardEvent, action: string): boolean {
  const target = event.target instanceof HTMLElement ? event.target : document.body;
  const writing = target.closest('input, textarea, select, dialog') !== null;
  if (writing && action !== 'back' && event.key.length === 1 && !event.ctrlKey && !event.metaKey) return false;
  if (writing && event.key.startsWith('Arrow')) return false;
  if (event.key.startsWith('Arrow') && target.closest('.map, video')) return false;
  return !(action === 'open' && target.closest('button, a, input, textarea, select'));
}
