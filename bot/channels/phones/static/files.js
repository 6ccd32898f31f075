// How a file that is being sent will look, before the platform has said what it is.

export function kindOf(file) {
  const group = file.type.split("/")[0];
  if (file.type === "image/svg+xml") return "document";
  return { image: "photo", audio: "voice", video: "video" }[group] ?? "document";
}

const urls = new WeakMap();

/** Return the files of an unsent message as a bubble shows them. */
export function previews(blobs) {
  return blobs.map((blob) => {
    if (!urls.has(blob)) urls.set(blob, URL.createObjectURL(blob));
    return { url: urls.get(blob), name: blob.name, size: blob.size, kind: kindOf(blob) };
  });
}
