import Glibc

/// A file that grows by whole lines, each there for other programs (`tail -f`) as soon as it is written.
public struct LineFile: Sendable {
  private let descriptor: Descriptor?
  private let name: String

  /// Lines go to standard output.
  public static let standardOutput = LineFile(nil, name: Destination.standardOutput.name)

  private init(_ descriptor: Descriptor?, name: String) {
    self.descriptor = descriptor
    self.name = name
  }

  /// Opens a file or makes it. A device or pipe is written to as it is.
  /// - Parameter goesOn: whether lines are kept that are there; a file is begun anew otherwise.
  /// - Throws: `DestinationError`.
  public init(_ path: FilePath, goesOn: Bool) throws(DestinationError) {
    do throws(SystemError) {
      let flags = O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | (goesOn ? 0 : O_TRUNC)
      self.init(try path.open(flags, mode: 0o666), name: "\(path)")
    } catch { throw DestinationError(name: "\(path)", reason: "\(error)") }
  }

  /// - Parameter line: with its line break.
  /// - Throws: `DestinationError`.
  public func write(_ line: String) throws(DestinationError) {
    let error = Array(line.utf8).withUnsafeBytes { writeAll($0, to: descriptor?.raw ?? STDOUT_FILENO) }
    if let error { throw DestinationError(name: name, reason: "\(error)") }
  }
}
