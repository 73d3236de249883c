import Glibc

/// Paths that come on a descriptor, each as soon as it is whole: one a line, or each with a NUL after it. To be gone through once.
public struct PathFeed: Sequence, Sendable {
  private let descriptor: Int32
  private let isEndedByNUL: Bool

  /// Paths from standard input.
  public static func standardInput(endedByNUL: Bool) -> PathFeed {
    PathFeed(descriptor: STDIN_FILENO, endedByNUL: endedByNUL)
  }

  init(descriptor: Int32, endedByNUL: Bool) {
    self.descriptor = descriptor
    isEndedByNUL = endedByNUL
  }

  public func makeIterator() -> Iterator {
    Iterator(descriptor: descriptor, isEndedByNUL: isEndedByNUL)
  }

  public struct Iterator: IteratorProtocol {
    fileprivate let descriptor: Int32
    fileprivate let isEndedByNUL: Bool
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)
    private var at = 0
    private var filled = 0
    private var isFirst = true

    fileprivate init(descriptor: Int32, isEndedByNUL: Bool) {
      self.descriptor = descriptor
      self.isEndedByNUL = isEndedByNUL
    }

    /// Waits for the next path; what stands before the end without a mark of its own is one too.
    public mutating func next() -> FilePath? {
      let mark = isEndedByNUL ? 0 : UInt8(ascii: "\n")
      var path: [UInt8] = []
      while fill() {
        let end = buffer[at..<filled].firstIndex(of: mark)
        path += buffer[at..<(end ?? filled)]
        at = end.map { $0 + 1 } ?? filled
        guard end != nil else { continue }
        if let whole = whole(path) { return whole }
        path = []
      }
      return whole(path)
    }

    /// As `FilePath.list` takes them.
    private mutating func whole(_ bytes: [UInt8]) -> FilePath? {
      var bytes = bytes
      defer { isFirst = false }
      if !isEndedByNUL {
        if isFirst, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
      }
      guard !bytes.isEmpty else { return nil }
      return FilePath(bytes: bytes)
    }

    /// What can be had now: a call may bring less than there is room for. What cannot be read is the end.
    private mutating func fill() -> Bool {
      while at == filled {
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return false }
        (at, filled) = (0, count)
      }
      return true
    }
  }
}
