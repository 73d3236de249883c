import Glibc

/// Which file it is and when it was last changed: by this a file that was read once is known again without being read.
package struct FileStamp: Hashable, Sendable {
  package let identity: FileIdentity
  package let size: Int64
  /// Its content's and its own last change, in nanoseconds since 1970, by the file system's clock.
  package let modified: Int64
  package let changed: Int64
  /// When these were looked up, by this machine's clock.
  private let taken: Int64

  /// A change within so many nanoseconds of another may leave the times as they were: file systems count in steps, of up to
  /// two seconds (FAT).
  private static let coarsest: Int64 = 2_000_000_000

  /// - Parameters:
  ///   - taken: nanoseconds since 1970; nil for now.
  ///   - look: asks the system.
  package init(taken: Int64? = nil, _ look: () throws(SystemError) -> stat) throws(SystemError) {
    // The time first: what changes after it is later.
    self.taken = taken ?? Self.now
    let status = try look()
    identity = FileIdentity(status)
    size = Int64(status.st_size)
    modified = Self.nanoseconds(status.st_mtim)
    changed = Self.nanoseconds(status.st_ctim)
  }

  /// Whether any later change must show: a file that was changed just now may change again under the same times.
  package var isSettled: Bool { max(modified, changed) < taken - Self.coarsest }

  package static func == (a: FileStamp, b: FileStamp) -> Bool { a.fields == b.fields }
  package func hash(into hasher: inout Hasher) { hasher.combine(fields) }

  /// All that tells one state of a file from another: device, inode, size and times.
  package var fields: [Int64] {
    [Int64(bitPattern: identity.device), Int64(bitPattern: identity.inode), size, modified, changed]
  }

  private static var now: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return nanoseconds(time)
  }

  private static func nanoseconds(_ time: timespec) -> Int64 {
    Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }
}

extension FilePath {
  /// Nil where there is no such file.
  package var stamp: FileStamp? {
    do throws(SystemError) { return try FileStamp { () throws(SystemError) in try status() } } catch {
      return nil
    }
  }

  /// From the root on, without steps that lead nowhere: a path that names the same file from every folder.
  ///
  /// `..` stays: behind a link it leads elsewhere than it looks.
  package var fromRoot: FilePath {
    var whole = bytes
    if bytes.first != Self.slash {
      var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
      // A folder that is gone, or farther down than a call tells: the path is then known from here alone.
      guard getcwd(&buffer, buffer.count) != nil else { return self }
      whole = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) } + [Self.slash] + bytes
    }
    let parts = whole.split(separator: Self.slash).filter { $0 != [UInt8(ascii: ".")] }
    return FilePath(bytes: [Self.slash] + parts.joined(separator: [Self.slash]))
  }
}
