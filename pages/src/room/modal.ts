/** For ``{@attach}`` on a dialog: opens it above everything, and closes it where somebody clicks beside it. */
export function openModal(dialog: HTMLDialogElement): () => void {
  const beside = (event: MouseEvent) => {
    if (event.target === dialog) dialog.close();
  };
  dialog.showModal();
  dialog.addEventListener('click', beside);
  return () => dialog.removeEventListener('click', beside);
}
