// Brings the pictures of faces to a scatter of them, apart from its points: those need not travel again.
export default function ({ data }) {
  window.faceScatters?.get(data.key)?.deal?.(data.of, data.cards);
}
