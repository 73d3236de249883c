import Glibc

/// An open folder, and what is done in it by name: no link on the way can lead elsewhere.
package struct OpenFolder: Sendable {
  private let descriptor: Descriptor

  /// - Throws: `SystemError` where it is no folder or cannot be opened.
  package init(_ path: FilePath) throws(SystemError) { descriptor = try path.open(O_RDONLY | O_DIRECTORY) }

  /// All names but `.` and `..`, hidden ones too, in the order of their bytes.
  package func names() throws(SystemError) -> [FilePath] {
    let listing = try Listing(descriptor, withHidden: true)
    return (0..<listing.count).map { FilePath(bytes: listing[$0]) }
  }

  /// Of a link itself; nil where there is nothing.
  package func status(of name: FilePath) throws(SystemError) -> stat? {
    var status = stat()
    guard name.withCString({ fstatat(descriptor.raw, $0, &status, AT_SYMLINK_NOFOLLOW) }) == 0 else {
      if errno == ENOENT { return nil }
      throw .latest
    }
    return status
  }

  /// Opens what has the name, never what a link there points to.
  package func open(_ name: FilePath, _ flags: Int32) throws(SystemError) -> Descriptor {
    try Descriptor(
      name.withCString { openat(descriptor.raw, $0, flags | O_NOFOLLOW | O_CLOEXEC, 0o666) })
  }

  /// Where the link of that name points to; nil where it is none.
  package func target(of name: FilePath) -> FilePath? {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = name.withCString { readlinkat(descriptor.raw, $0, &buffer, Int(PATH_MAX)) }
    return count < 0 ? nil : FilePath(bytes: buffer[..<count].map { UInt8(bitPattern: $0) })
  }

  /// Makes a link under a name that nothing has.
  package func link(_ name: FilePath, to target: FilePath) throws(SystemError) {
    guard name.withCString({ name in target.withCString { symlinkat($0, descriptor.raw, name) } }) == 0 else {
      throw .latest
    }
  }

  /// Removes a file or a link.
  package func remove(_ name: FilePath) throws(SystemError) {
    guard name.withCString({ unlinkat(descriptor.raw, $0, 0) }) == 0 else { throw .latest }
  }
}

extension FilePath {
  /// From the root, without links, `.` or `..`; nil where it leads to nothing.
  package var resolved: FilePath? {
    guard let text = withCString({ realpath($0, nil) }) else { return nil }
    defer { free(text) }
    return FilePath(
      bytes: UnsafeBufferPointer(start: text, count: strlen(text)).map { UInt8(bitPattern: $0) })
  }

  /// From the root, as it was given otherwise; nil where the folder that it is given from is gone.
  package var absolute: FilePath? {
    guard bytes.first != Self.slash else { return self }
    return FilePath(".").resolved?.appending(
      bytes.starts(with: "./".utf8) ? Array(bytes.dropFirst(2)) : bytes)
  }

  /// The same of a folder that is to be made: what is there of it without links.
  package var resolvedAsFarAsThere: FilePath {
    if let resolved { return resolved }
    let bare = FilePath(bytes: bytes.reversed().drop { $0 == Self.slash }.reversed())
    guard bare.folder != self, !bare.name.isEmpty else { return self }
    return bare.folder.resolvedAsFarAsThere.appending(bare.name)
  }
}
