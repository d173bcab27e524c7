/** Files dropped onto an element. */
import { useState } from 'preact/hooks';

/** Whether a file is dragged over the element, and the event handlers for it. */
export function useDropping(onFile: (file: File | undefined) => void) {
  const [isOver, setOver] = useState(false);
  return {
    isOver,
    handlers: {
      onDragOver(event: DragEvent) {
        event.preventDefault();
        setOver(true);
      },
      onDragLeave() {
        setOver(false);
      },
      onDrop(event: DragEvent) {
        event.preventDefault();
        setOver(false);
        onFile(event.dataTransfer?.files[0]);
      },
    },
  };
}
