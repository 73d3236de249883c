import Glibc

/// What the system answered, by its number.
public struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
  public let code: Int32

  public init(code: Int32) { self.code = code }

  /// The error of the call that has just failed on this thread.
  package static var latest: SystemError { SystemError(code: errno) }

  public var description: String { String(cString: strerror(code)) }
}
