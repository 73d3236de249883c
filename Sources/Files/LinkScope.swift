import Glibc

/// Tells where links lead, and whether that is inside a folder.
struct LinkScope {
  private let root: FileIdentity
  /// Folders known to be inside or not.
  private var known: [FileIdentity: Bool] = [:]

  /// As many links in a row as Linux follows.
  private static let mostLinks = 40

  init(root: FileIdentity) { self.root = root }

  /// What a link points to in the end.
  ///
  /// Goes along it by open folders: the target's own path may be longer than a call takes.
  mutating func target(
    of name: FilePath, in folder: Descriptor
  ) throws(SystemError) -> (status: stat, isInside: Bool) {
    var folder = folder
    // Parts still to go, the next last.
    var parts = [name]
    var links = 0
    while let part = parts.popLast() {
      if part.bytes == Array("..".utf8) {
        folder = try Descriptor(openat(folder.raw, "..", openForPassage | O_DIRECTORY | O_CLOEXEC))
        continue
      }
      var status = stat()
      guard part.withCString({ fstatat(folder.raw, $0, &status, AT_SYMLINK_NOFOLLOW) }) == 0 else {
        throw .latest
      }
      switch status.kind {
      case S_IFLNK:
        links += 1
        guard links <= Self.mostLinks else { throw SystemError(code: ELOOP) }
        let target = try Self.content(of: part, in: folder)
        if target.bytes.first == FilePath.slash {
          folder = try Descriptor(open("/", openForPassage | O_DIRECTORY | O_CLOEXEC))
        }
        parts += target.bytes.split(separator: FilePath.slash).filter { $0 != [UInt8(ascii: ".")] }
          .reversed().map { FilePath(bytes: $0) }
      case S_IFDIR:
        let flags = openForPassage | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        folder = try Descriptor(part.withCString { openat(folder.raw, $0, flags) })
      default:
        guard parts.isEmpty else { throw SystemError(code: ENOTDIR) }
        return (status, try isInside(folder))
      }
    }
    return (try folder.status(), try isInside(folder))
  }

  private static func content(
    of link: FilePath, in folder: Descriptor
  ) throws(SystemError) -> FilePath {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = link.withCString { readlinkat(folder.raw, $0, &buffer, Int(PATH_MAX)) }
    guard count >= 0 else { throw .latest }
    return FilePath(bytes: buffer[..<count].map { UInt8(bitPattern: $0) })
  }

  /// Whether a folder is the root or below it, by the folders above it.
  private mutating func isInside(_ folder: Descriptor) throws(SystemError) -> Bool {
    var folder = folder
    var identity = FileIdentity(try folder.status())
    var passed: [FileIdentity] = []
    var answer = false
    while true {
      if let known = known[identity] {
        answer = known
        break
      }
      passed.append(identity)
      if identity == root {
        answer = true
        break
      }
      folder = try Descriptor(openat(folder.raw, "..", openForPassage | O_DIRECTORY | O_CLOEXEC))
      let above = FileIdentity(try folder.status())
      // The root of all is its own parent.
      if above == identity { break }
      identity = above
    }
    for identity in passed { known[identity] = answer }
    return answer
  }
}
