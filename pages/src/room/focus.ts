/** For ``{@attach}``: what appears takes the keyboard, and gives it back when it goes. */
export function grabFocus(element: HTMLElement): () => void {
  const before = document.activeElement;
  element.focus();
  return () => {
    if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
  };
}
