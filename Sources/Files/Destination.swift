import Glibc

/// Why a result cannot go where it should.
public struct DestinationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The path as given, or `standard output`.
  public let name: String
  public let reason: String

  public init(name: String, reason: String) {
    self.name = name
    self.reason = reason
  }

  public var description: String { "\(name): cannot write: \(reason)" }
}

/// Where a result goes, checked before there is one.
///
/// A path is a file that is new or is replaced, all at once; through a link, the file that it points to, and the link
/// stays. A device or pipe is written to as it stands, and `/dev/stdout` is standard output itself.
public struct Destination: Sendable {
  enum Place {
    case descriptor(Int32)
    /// Opened and written to.
    case through(FilePath)
    /// A file in an open folder, with the owner and mode of the one it replaces.
    case file(Descriptor, name: FilePath, old: stat?)
  }

  /// The path as given, or `standard output`.
  public let name: String
  let place: Place

  public static let standardOutput = Destination(name: "standard output", place: .descriptor(STDOUT_FILENO))

  private init(name: String, place: Place) {
    self.name = name
    self.place = place
  }

  /// - Throws: `DestinationError` for a folder, a folder that is missing, and one that may not be written to.
  public init(_ path: FilePath) throws(DestinationError) {
    do throws(SystemError) {
      self.init(name: "\(path)", place: try Self.place(of: path))
    } catch {
      let reason =
        switch error.code {
        case EISDIR: "it is a folder"
        case ENOENT: "the folder \(path.folder) does not exist"
        default: "\(error)"
        }
      throw DestinationError(name: "\(path)", reason: reason)
    }
  }

  /// Whether it is a file that appears when whole, so that there is a place beside it for what is kept on the way.
  public var isFile: Bool { if case .file = place { true } else { false } }

  public var isStandardOutput: Bool { if case .descriptor(STDOUT_FILENO) = place { true } else { false } }

  private static func place(of path: FilePath) throws(SystemError) -> Place {
    if let descriptor = descriptor(named: path) {
      guard fcntl(descriptor, F_GETFD) >= 0 else { throw .latest }
      return .descriptor(descriptor)
    }
    guard !path.name.isEmpty else { throw SystemError(code: EISDIR) }
    let status: stat?
    do throws(SystemError) { status = try path.status() } catch {
      guard error.code == ENOENT else { throw error }
      status = nil
    }
    switch status?.kind {
    case S_IFDIR: throw SystemError(code: EISDIR)
    case nil, S_IFREG:
      let target = try target(of: path)
      let folder = try target.folder.open(O_RDONLY | O_DIRECTORY)
      guard faccessat(folder.raw, ".", W_OK | X_OK, 0) == 0 else { throw .latest }
      return .file(folder, name: FilePath(bytes: target.name), old: status)
    default: return .through(path)
    }
  }

  /// The path behind the last of a row of links.
  private static func target(of path: FilePath) throws(SystemError) -> FilePath {
    var path = path
    for _ in 0..<40 {
      do throws(SystemError) {
        guard try path.status(followsLinks: false).kind == S_IFLNK else { return path }
        let next = try path.destination()
        path = next.bytes.first == FilePath.slash ? next : path.folder.appending(next.bytes)
      } catch {
        guard error.code == ENOENT else { throw error }
        return path
      }
    }
    throw SystemError(code: ELOOP)
  }

  /// The open descriptor that a name stands for: opening such a name anew would write over what the shell appends to.
  private static func descriptor(named path: FilePath) -> Int32? {
    switch "\(path)" {
    case "/dev/stdout": return STDOUT_FILENO
    case "/dev/stderr": return STDERR_FILENO
    case let text:
      for folder in ["/dev/fd/", "/proc/self/fd/"] where text.hasPrefix(folder) {
        return Int32(text.dropFirst(folder.count))
      }
      return nil
    }
  }
}
