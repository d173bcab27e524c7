/** Text that can be copied: a code, a link, a call. */
import { useEffect, useState } from 'preact/hooks';
import { announce } from '../state/announce.ts';

/** How long the button confirms the copy. */
const CONFIRMED_MS = 1600;

/** @param block whether it is shown as a code block with its line breaks */
export function Copyable(props: { readonly text: string; readonly label: string; readonly block?: boolean }) {
  const { text, label, block = false } = props;
  return (
    <span class={block ? 'copyable copyable-block' : 'copyable'}>
      {block ? (
        <pre>
          <code>{text}</code>
        </pre>
      ) : (
        <code title={text}>{text}</code>
      )}
      <CopyButton text={text} label={label} />
    </span>
  );
}

export function CopyButton({ text, label }: { readonly text: string; readonly label: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), CONFIRMED_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    setCopied(await toClipboard(text));
    announce(`${label} copied`);
  };
  return (
    <button type="button" class="quiet" aria-label={`Copy ${label}`} onClick={copy}>
      {copied ? 'Copied' : 'Copy'}
    </button>
  );
}

/** The Clipboard API is missing over plain HTTP from another machine; execCommand still works. */
async function toClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}
