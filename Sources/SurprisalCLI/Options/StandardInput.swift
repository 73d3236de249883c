import Foundation
import Surprisal

/// What `-` stands for: a list of paths, or the images of an IDX file.
enum StandardInput {
  /// Reads it to its end.
  ///
  /// A list cannot begin as an IDX file does: no name holds a NUL.
  ///
  /// - Parameter nul: whether it is a list of paths that end in NUL.
  /// - Throws: `SurprisalError.cannotWrite` where there is no room for images that come through a pipe.
  static func paths(nul: Bool) throws -> [FilePath] {
    let input = FileHandle.standardInput
    // Asked first: a read moves it.
    let isAtStart = lseek(STDIN_FILENO, 0, SEEK_CUR) == 0
    if nul { return FilePath.list(endedByNUL: input.readDataToEndOfFile()) }
    let head = try input.read(upToCount: IDXFile.magicLength) ?? Data()
    guard IDXFile.begins(head) else { return FilePath.list(lines: head + input.readDataToEndOfFile()) }
    if isAtStart { try input.seekToEnd() } else { try keep(head, and: input) }
    return [IDXFile.standardInput]
  }

  /// Makes standard input an unnamed file of all that comes, as images are read again: for pictures, and where they judge
  /// one another.
  private static func keep(_ head: Data, and rest: FileHandle) throws {
    let name =
      FileManager.default.temporaryDirectory.appendingPathComponent("surprisal-\(UUID().uuidString)").path
    func failed() -> SurprisalError { .cannotWrite(path: name, reason: String(cString: strerror(errno))) }
    let descriptor = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failed() }
    unlink(name)
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    var part = head
    while !part.isEmpty {
      do { try file.write(contentsOf: part) } catch { throw failed() }
      part = try rest.read(upToCount: 1 << 20) ?? Data()
    }
    guard dup2(descriptor, STDIN_FILENO) >= 0 else { throw failed() }
  }
}
