/** Files dropped onto an element. */
import { useState } from 'preact/hooks';

/** Whether a file hovers, and the handlers that take it when it falls. */
export function useDropping(take: (file: File | undefined) => void) {
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
        take(event.dataTransfer?.files[0]);
      },
    },
  };
}
