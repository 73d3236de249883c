import Glibc

/// Goes through a folder and all in it by open folders, so that no name is too odd and no path too long.
///
/// In the order of the names' bytes, hidden entries left out. Links are followed where they stay inside the folder, or
/// everywhere with `followsLinks`; no folder is entered from within itself. Holds the listings of the folders on the way
/// down, and at most `mostOpen` of them open.
package struct FolderWalk {
  package enum Entry {
    /// A regular file, or a link to one.
    case file
    /// A device, pipe or socket.
    case special
    /// A link that leads out of the folder and is not followed.
    case linkOut(toFolder: Bool)
    /// A folder reached again from within itself.
    case loop
    /// What cannot be reached or listed, and why.
    case unreachable(String)
  }

  /// One entry, while it is being visited.
  package struct Place {
    package let path: FilePath
    package let name: [UInt8]
    private let folder: Descriptor?

    fileprivate init(path: FilePath, name: [UInt8], folder: Descriptor?) {
      self.path = path
      self.name = name
      self.folder = folder
    }

    /// Its first bytes; nil where it cannot be read.
    package func head(_ count: Int) -> [UInt8]? {
      guard let folder else { return nil }
      let file = try? Descriptor(
        FilePath(bytes: name).withCString { openat(folder.raw, $0, O_RDONLY | O_NONBLOCK | O_CLOEXEC) })
      var bytes = [UInt8](repeating: 0, count: count)
      guard let found = try? bytes.withUnsafeMutableBytes({ try file?.read(into: $0) }) else { return nil }
      return Array(bytes.prefix(found))
    }
  }

  /// A folder on the way down.
  private struct Level {
    let identity: FileIdentity
    /// Nil while closed to keep few open.
    var handle: Descriptor?
    let listing: Listing
    var next = 0
    /// Bytes of the path up to here.
    let length: Int
  }

  static let mostOpen = 64

  private let followsLinks: Bool
  private var path: [UInt8]
  private var levels: [Level] = []
  private var above: Set<FileIdentity> = []
  private var links: LinkScope

  /// - Parameter root: a folder, or a link to one.
  package static func forEach(
    in root: FilePath, followsLinks: Bool, _ body: (Place, Entry) throws -> Void
  ) rethrows {
    let handle: Descriptor
    let listing: Listing
    let identity: FileIdentity
    do throws(SystemError) {
      handle = try root.open(O_RDONLY | O_DIRECTORY)
      identity = FileIdentity(try handle.status())
      listing = try Listing(handle)
    } catch {
      try body(
        Place(path: root, name: Array(root.name), folder: nil),
        .unreachable("folder cannot be listed: \(error)"))
      return
    }
    var walk = FolderWalk(root, handle, identity, listing, followsLinks: followsLinks)
    try walk.run(body)
  }

  private init(
    _ root: FilePath, _ handle: Descriptor, _ identity: FileIdentity, _ listing: Listing, followsLinks: Bool
  ) {
    self.followsLinks = followsLinks
    path = root.bytes
    levels = [Level(identity: identity, handle: handle, listing: listing, length: path.count)]
    above = [identity]
    links = LinkScope(root: identity)
  }

  private mutating func run(_ body: (Place, Entry) throws -> Void) rethrows {
    while let level = levels.last {
      path.removeSubrange(level.length...)
      guard level.next < level.listing.count else {
        try leave(body)
        continue
      }
      levels[levels.count - 1].next += 1
      let name = level.listing[level.next]
      // The deepest is open.
      guard let folder = level.handle else { continue }
      if path.last != FilePath.slash { path.append(FilePath.slash) }
      path += name
      let place = Place(path: FilePath(bytes: path), name: name, folder: folder)
      if let entry = visit(name, folder) { try body(place, entry) }
    }
  }

  /// What an entry is; nil for a folder that was entered.
  private mutating func visit(_ name: [UInt8], _ folder: Descriptor) -> Entry? {
    do throws(SystemError) {
      let text = FilePath(bytes: name)
      var status = stat()
      guard text.withCString({ fstatat(folder.raw, $0, &status, AT_SYMLINK_NOFOLLOW) }) == 0 else {
        throw .latest
      }
      let isLink = status.kind == S_IFLNK
      if isLink {
        let isInside: Bool
        do throws(SystemError) { (status, isInside) = try links.target(of: text, in: folder) } catch {
          guard [ENOENT, ELOOP].contains(error.code) else { throw error }
          return .unreachable("link to nothing, or to itself")
        }
        guard followsLinks || isInside else { return .linkOut(toFolder: status.kind == S_IFDIR) }
      }
      switch status.kind {
      case S_IFREG: return .file
      case S_IFDIR: return enter(text, folder, isByLink: isLink)
      default: return .special
      }
    } catch { return .unreachable("\(error)") }
  }

  private mutating func enter(_ name: FilePath, _ folder: Descriptor, isByLink: Bool) -> Entry? {
    do throws(SystemError) {
      let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (isByLink ? 0 : O_NOFOLLOW)
      let handle = try Descriptor(name.withCString { openat(folder.raw, $0, flags) })
      let identity = FileIdentity(try handle.status())
      guard !above.contains(identity) else { return .loop }
      let listing = try Listing(handle)
      above.insert(identity)
      levels.append(Level(identity: identity, handle: handle, listing: listing, length: path.count))
      let far = levels.count - 1 - Self.mostOpen
      if far >= 0 { levels[far].handle = nil }
      return nil
    } catch { return .unreachable("folder cannot be listed: \(error)") }
  }

  /// Goes back up, opening the folder above again where it was closed.
  private mutating func leave(_ body: (Place, Entry) throws -> Void) rethrows {
    above.remove(levels.removeLast().identity)
    guard let upper = levels.last, upper.handle == nil else { return }
    let path = FilePath(bytes: self.path[..<upper.length])
    do throws(SystemError) {
      let handle = try path.open(O_RDONLY | O_DIRECTORY)
      guard FileIdentity(try handle.status()) == upper.identity else { throw SystemError(code: ESTALE) }
      levels[levels.count - 1].handle = handle
    } catch {
      levels[levels.count - 1].next = upper.listing.count
      try body(
        Place(path: path, name: Array(path.name), folder: nil),
        .unreachable("folder moved while it was read: \(error)"))
    }
  }
}
