import Glibc

/// Writes a result to its destination, through a buffer.
///
/// A file is written under another name in its folder, and takes its own when `finish` finds it whole; until then, and
/// after any error, the old file is what it was.
public final class OutputFile {
  private let destination: Destination
  private let descriptor: Descriptor?
  /// What the file is called until it is whole.
  private var partial: FilePath?
  private var buffer: [UInt8] = []

  private static let room = 1 << 16

  /// Opens it. A pipe is waited for until somebody reads it.
  /// - Throws: `DestinationError`.
  public init(_ destination: Destination) throws(DestinationError) {
    self.destination = destination
    do throws(SystemError) {
      switch destination.place {
      case .descriptor: descriptor = nil
      case .through(let path): descriptor = try path.open(O_WRONLY | O_NOCTTY)
      case .file(let folder, _, let old): (descriptor, partial) = try Self.begin(in: folder, replacing: old)
      }
    } catch { throw DestinationError(name: destination.name, reason: "\(error)") }
  }

  deinit { discard() }

  private static func begin(
    in folder: Descriptor, replacing old: stat?
  ) throws(SystemError) -> (Descriptor, FilePath) {
    while true {
      let name = FilePath(".surprisal-\(UInt64.random(in: 0...UInt64.max)).partial")
      let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
      let raw = name.withCString { openat(folder.raw, $0, flags, 0o666) }
      if raw < 0, errno == EEXIST { continue }
      let made = try Descriptor(raw)
      if let old {
        // The owner first: a change of it takes bits off the mode. Who may not give files away keeps them.
        _ = fchown(raw, old.st_uid, old.st_gid)
        fchmod(raw, old.st_mode & 0o7777)
      }
      return (made, name)
    }
  }

  public func write(_ text: String) throws(DestinationError) { try write(Array(text.utf8)) }

  public func write(_ bytes: some Sequence<UInt8>) throws(DestinationError) {
    buffer.append(contentsOf: bytes)
    if buffer.count >= Self.room { try flush() }
  }

  /// Hands on what is buffered.
  public func flush() throws(DestinationError) {
    let raw = raw
    if let error = buffer.withUnsafeBytes({ writeAll($0, to: raw) }) { throw failed(error) }
    buffer.removeAll(keepingCapacity: true)
  }

  private var raw: Int32 {
    if case .descriptor(let raw) = destination.place { return raw }
    return descriptor?.raw ?? -1
  }

  /// Writes what is left, and gives a file its name.
  /// - Throws: `DestinationError`, with the old file as it was.
  public func finish() throws(DestinationError) {
    try flush()
    guard case .file(let folder, let name, _) = destination.place, let partial else { return }
    // A disk may say only now that it is full.
    guard fsync(raw) == 0 || errno == EINVAL else { throw failed(.latest) }
    let status = partial.withCString { from in
      name.withCString { renameat(folder.raw, from, folder.raw, $0) }
    }
    guard status == 0 else { throw failed(.latest) }
    self.partial = nil
  }

  private func failed(_ error: SystemError) -> DestinationError {
    discard()
    return DestinationError(name: destination.name, reason: "\(error)")
  }

  private func discard() {
    guard case .file(let folder, _, _) = destination.place, let partial else { return }
    _ = partial.withCString { unlinkat(folder.raw, $0, 0) }
    self.partial = nil
  }
}

/// Writes a whole buffer: from where a file stands, or from `offset` on.
/// - Returns: what went wrong.
package func writeAll(
  _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at offset: Int? = nil
) -> SystemError? {
  var done = 0
  while done < bytes.count {
    let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
    let count =
      offset.map { pwrite(descriptor, rest.baseAddress, rest.count, off_t($0 + done)) }
      ?? Glibc.write(descriptor, rest.baseAddress, rest.count)
    if count < 0, errno == EINTR { continue }
    guard count >= 0 else { return .latest }
    done += count
  }
  return nil
}

extension FilePath {
  /// Makes a folder here, and those above it, where there are none.
  /// - Throws: `DestinationError`.
  public func makeFolders() throws(DestinationError) {
    if (try? status())?.kind == S_IFDIR { return }
    let above = FilePath(bytes: bytes.reversed().drop { $0 == Self.slash }.reversed()).folder
    if above != self { try above.makeFolders() }
    guard withCString({ mkdir($0, 0o777) }) == 0 else {
      throw DestinationError(name: "\(self)", reason: "\(SystemError.latest)")
    }
  }
}

extension Destination {
  /// Writes a whole result.
  /// - Throws: `DestinationError`.
  public func write(_ bytes: some Sequence<UInt8>) throws(DestinationError) {
    let file = try OutputFile(self)
    try file.write(bytes)
    try file.finish()
  }
}
