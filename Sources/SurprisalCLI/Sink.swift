import Foundation
import Surprisal

/// Writes to standard output, or to a file that appears under its name only when whole.
final class Sink {
  private let handle: FileHandle
  private let path: String?
  private var buffer = Data()

  init(_ path: String?) throws {
    self.path = path
    guard let path else {
      handle = .standardOutput
      return
    }
    guard FileManager.default.createFile(atPath: path + ".partial", contents: nil),
      let handle = FileHandle(forWritingAtPath: path + ".partial")
    else { throw SurprisalError.cannotWrite(path: path, reason: String(cString: strerror(errno))) }
    self.handle = handle
  }

  func write(_ text: String) throws {
    buffer.append(Data(text.utf8))
    if buffer.count > 1 << 16 { try flush() }
  }

  private func flush() throws {
    try handle.write(contentsOf: buffer)
    buffer.removeAll(keepingCapacity: true)
  }

  func finish() throws {
    try flush()
    guard let path else { return }
    try handle.close()
    guard rename(path + ".partial", path) == 0 else {
      throw SurprisalError.cannotWrite(path: path, reason: String(cString: strerror(errno)))
    }
  }
}

/// Writes a picture, atomically.
func writePNG(_ image: Bitmap, to path: String) throws {
  do { try image.png().write(to: URL(fileURLWithPath: path), options: .atomic) } catch {
    throw SurprisalError.cannotWrite(path: path, reason: error.localizedDescription)
  }
}
