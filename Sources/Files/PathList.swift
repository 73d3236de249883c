import Foundation

extension FilePath {
  /// The paths of a list, one a line. Lines end in LF or CR LF, and empty ones are passed over; a byte-order mark is no
  /// part of the first path, and one of UTF-16 has the list read as that.
  ///
  /// Names that hold line breaks, or end in CR, need `list(endedByNUL:)`.
  public static func list(lines: Data) -> [FilePath] {
    var bytes = lines
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]),
      let text = String(data: bytes, encoding: .utf16)
    {
      bytes = Data(text.utf8)
    }
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
    return bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
      let path = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
      return path.isEmpty ? nil : FilePath(bytes: path)
    }
  }

  /// The paths of a list, each with a NUL after it; taken as they are.
  public static func list(endedByNUL bytes: Data) -> [FilePath] {
    bytes.split(separator: 0).map { FilePath(bytes: $0) }
  }
}
