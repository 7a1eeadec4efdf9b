/**
 * Where a host path is inside: at its own path, so that editors, error messages and ACP agree on it.
 * Windows has no such path: `C:\x` is `/c/x`.
 */
export function insidePath(path: string, platform: "linux" | "darwin" | "windows"): string {
  if (platform !== "windows") return path;
  const drive = /^(?:\\\\\?\\)?([A-Za-z]):[\\/]*(.*)$/s.exec(path);
  if (drive === null) return path.replaceAll("\\", "/");
  const rest = (drive[2] ?? "").replaceAll("\\", "/").replace(/\/+$/, "");
  return `/${(drive[1] ?? "").toLowerCase()}${rest === "" ? "" : `/${rest}`}`;
}
