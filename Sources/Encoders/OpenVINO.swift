internal import COpenVINO
import Synchronization

/// OpenVINO's C library, loaded. It stays until the program ends.
///
/// Unchecked because it holds C functions by address, which nothing changes.
final class OpenVINO: @unchecked Sendable {
  let handle: OpaquePointer
  let path: String
  let version: String

  private static let loaded = Mutex<[String: OpenVINO]>([:])

  /// - Throws: `EncoderError.noLibrary`, `.unusableLibrary`.
  static func load(_ places: EncoderPlaces) throws(EncoderError) -> OpenVINO {
    let path = try places.find()
    let found = loaded.withLock { loaded -> Result<OpenVINO, EncoderError> in
      if let known = loaded[path] { return .success(known) }
      let made = Result { () throws(EncoderError) in try OpenVINO(path: path) }
      if case .success(let library) = made { loaded[path] = library }
      return made
    }
    return try found.get()
  }

  private init(path: String) throws(EncoderError) {
    let (handle, reason) = withSentence { encoder_library_load(path, $0, $1) }
    guard let handle else { throw .unusableLibrary(path: path, reason: reason) }
    self.handle = handle
    self.path = path
    version = withSentence { encoder_library_version(handle, $0, $1) }.sentence
  }
}

/// What a C function returns, and the sentence that it wrote where it failed.
func withSentence<Result>(
  _ body: (UnsafeMutablePointer<CChar>, Int) -> Result
) -> (result: Result, sentence: String) {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: 2048) { buffer in
    buffer.initialize(repeating: 0)
    guard let base = buffer.baseAddress else {
      preconditionFailure("a buffer that is not empty has an address")
    }
    let result = body(base, buffer.count)
    // Its messages run over lines, the last of which say what is wrong.
    let lines = String(cString: base).split(separator: "\n").map { $0.trimmingCharacters }
    return (result, lines.filter { !$0.isEmpty }.joined(separator: " "))
  }
}

extension Substring {
  fileprivate var trimmingCharacters: String {
    var rest = self
    while rest.first?.isWhitespace == true { rest.removeFirst() }
    while rest.last?.isWhitespace == true { rest.removeLast() }
    return String(rest)
  }
}
