import Glibc

/// O_PATH: opens with a right to go through and no more (Linux; the same number on every processor Swift has). Glibc shows it
/// to GNU sources only.
let openForPassage: Int32 = 0o10000000

/// An open file or folder, closed with its last reference.
package final class Descriptor: Sendable {
  package let raw: Int32

  /// Takes over a descriptor that a call has just returned.
  /// - Throws: `SystemError` where that call has failed.
  package init(_ raw: Int32) throws(SystemError) {
    guard raw >= 0 else { throw .latest }
    self.raw = raw
  }

  deinit { close(raw) }

  package func status() throws(SystemError) -> stat {
    var status = stat()
    guard fstat(raw, &status) == 0 else { throw .latest }
    return status
  }

  /// Fills a buffer from where it stands, and says how far: less than all only at the end.
  package func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
    var filled = 0
    while filled < buffer.count {
      let count = Glibc.read(raw, buffer.baseAddress! + filled, buffer.count - filled)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .latest }
      if count == 0 { break }
      filled += count
    }
    return filled
  }
}

/// What no second name hides: which file it is.
package struct FileIdentity: Hashable, Sendable {
  package let device: UInt64
  package let inode: UInt64

  package init(_ status: stat) {
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
  }
}

extension stat {
  /// Regular file, folder, link, ...: one of `S_IF...`.
  package var kind: mode_t { st_mode & S_IFMT }
}

extension FilePath {
  /// The longest path that one call takes, with its NUL.
  private static let longest = Int(PATH_MAX)

  /// Opens what lies there. However long the path: it is gone along in parts that the system takes.
  package func open(_ flags: Int32, mode: mode_t = 0) throws(SystemError) -> Descriptor {
    try Descriptor(try reach { openat($0, $1, flags | O_CLOEXEC, mode) })
  }

  /// - Parameter followsLinks: whether of what a link points to, or of the link.
  package func status(followsLinks: Bool = true) throws(SystemError) -> stat {
    var status = stat()
    guard try reach({ fstatat($0, $1, &status, followsLinks ? 0 : AT_SYMLINK_NOFOLLOW) }) == 0 else {
      throw .latest
    }
    return status
  }

  /// Which file it names; nil where there is none.
  package var identity: FileIdentity? { (try? status()).map { FileIdentity($0) } }

  /// Where the link there points to.
  package func destination() throws(SystemError) -> FilePath {
    var buffer = [CChar](repeating: 0, count: Self.longest)
    let count = try reach { readlinkat($0, $1, &buffer, Self.longest) }
    guard count >= 0 else { throw .latest }
    return FilePath(bytes: buffer[..<count].map { UInt8(bitPattern: $0) })
  }

  /// Calls `body` with an open folder and the rest of the path from there, of a length that a call takes.
  private func reach<Result>(
    _ body: (Int32, UnsafePointer<CChar>) -> Result
  ) throws(SystemError) -> Result {
    // A C string would end at it, and name another file.
    guard !bytes.contains(0) else { throw SystemError(code: EINVAL) }
    guard !bytes.isEmpty else { throw SystemError(code: ENOENT) }
    var folder: Descriptor?
    var rest = bytes[...]
    while rest.count >= Self.longest {
      guard let slash = rest.prefix(Self.longest - 1).lastIndex(of: Self.slash) else {
        throw SystemError(code: ENAMETOOLONG)
      }
      let part = FilePath(bytes: rest[...slash])
      folder = try Descriptor(
        part.withCString { openat(folder?.raw ?? AT_FDCWD, $0, openForPassage | O_DIRECTORY | O_CLOEXEC) })
      rest = rest[(slash + 1)...].drop { $0 == Self.slash }
    }
    let last = rest.isEmpty ? FilePath(".") : FilePath(bytes: rest)
    // The folder stays open until `body` is done.
    return withExtendedLifetime(folder) { last.withCString { body(folder?.raw ?? AT_FDCWD, $0) } }
  }

  func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
    (bytes + [0]).withUnsafeBufferPointer { buffer in
      // Never empty: the NUL is there.
      buffer.withMemoryRebound(to: CChar.self) { body($0.baseAddress!) }
    }
  }
}
