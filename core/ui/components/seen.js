// Brings what was seen on a still to the camera that took it.
export default function ({ data }) {
  window.faceCameras?.get(data.key)?.hear?.(data.number, data.faces);
}
