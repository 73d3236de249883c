import Foundation

/// The bytes of a file of tensors, read where they are wanted.
///
/// Not mapped: a file that is cut while it is read gives an error, where a mapping would end the process.
final class TensorSource: Sendable {
  private enum Bytes: Sendable {
    case memory(Data)
    case file(descriptor: Int32)
  }

  /// Named in errors.
  let path: String
  let size: Int
  private let bytes: Bytes

  init(bytes: Data, path: String) {
    self.path = path
    self.bytes = .memory(bytes)
    size = bytes.count
  }

  /// - Throws: `ModelFileError.unreadable`; devices, pipes and folders are no files of tensors.
  init(path: String) throws(ModelFileError) {
    // A pipe that nobody writes to must not keep us waiting.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .unreadable(path: path, reason: String(cString: strerror(errno))) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw .unreadable(path: path, reason: "not a regular file")
    }
    self.path = path
    bytes = .file(descriptor: descriptor)
    size = Int(status.st_size)
  }

  deinit {
    if case .file(let descriptor) = bytes { close(descriptor) }
  }

  /// Fills `target` with the bytes from `offset` on; what went wrong, if anything did.
  func read(into target: UnsafeMutableRawBufferPointer, at offset: Int) -> ModelFileError? {
    switch bytes {
    case .memory(let data):
      let first = data.startIndex + offset
      data.copyBytes(to: target, from: first..<first + target.count)
    case .file(let descriptor):
      var done = 0
      while done < target.count {
        let count = pread(
          descriptor, target.baseAddress?.advanced(by: done), target.count - done, offset + done)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else {
          let reason = count < 0 ? String(cString: strerror(errno)) : "it was cut while it was read"
          return .unreadable(path: path, reason: reason)
        }
        done += count
      }
    }
    return nil
  }

  /// - Parameter count: within the file.
  func bytes(_ count: Int, at offset: Int) throws(ModelFileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let failure = bytes.withUnsafeMutableBytes { read(into: $0, at: offset) }
    if let failure { throw failure }
    return bytes
  }
}
