// Pictures from the clipboard: pasted anywhere on the page, except into a field that takes text.
const PICTURE = /^image\//;

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const note = parentElement.querySelector("p");
  const closing = new AbortController();
  note.textContent = data.label;
  document.addEventListener("paste", take, { signal: closing.signal });
  return () => closing.abort();

  async function take(event) {
    const files = [...(event.clipboardData?.files ?? [])].filter((file) => PICTURE.test(file.type));
    if (!files.length) return;
    event.preventDefault();
    const large = files.filter((file) => file.size > data.most_bytes);
    if (large.length) {
      note.textContent = data.too_large;
      return;
    }
    const pictures = await Promise.all(files.map(async (file) => ({ name: file.name, content: await text(file) })));
    setTriggerValue("pasted", { pictures });
  }

  function text(file) {
    return new Promise((done, failed) => {
      const reader = new FileReader();
      reader.onload = () => done(reader.result.slice(reader.result.indexOf(",") + 1));
      reader.onerror = () => failed(reader.error);
      reader.readAsDataURL(file);
    });
  }
}
