/// What can go wrong between a network and oneDNN.
public enum EngineError: Error, Equatable, CustomStringConvertible {
  /// oneDNN refused `operation`; `status` is its `dnnl_status_t` (1 out of memory, 2 invalid arguments,
  /// 3 unimplemented, 5 runtime error).
  case operationFailed(operation: String, status: Int)
  /// A tensor has another shape than the operation needs.
  case shapeMismatch(operation: String, expected: [Int], found: [Int])
  /// A model names no parameter of this name, or one of another shape.
  case missingParameter(name: String, shape: [Int])

  /// What is to be computed needs more bytes than the machine, or a limit on this process, leaves.
  case outOfMemory(needed: Int, available: Int)

  public var description: String {
    switch self {
    case .operationFailed(let operation, let status):
      "oneDNN: \(operation) failed: \(Self.reason(status))"
    case .shapeMismatch(let operation, let expected, let found):
      "\(operation): expected shape \(expected), found \(found)"
    case .missingParameter(let name, let shape):
      "no parameter \(name) of shape \(shape)"
    case .outOfMemory(let needed, let available):
      "a batch needs \(needed >> 20) MiB where \(available >> 20) MiB are there: take a smaller batch or size"
    }
  }

  private static func reason(_ status: Int) -> String {
    switch status {
    case 1: "out of memory"
    case 2: "invalid arguments"
    case 3: "not implemented on this processor"
    default: "status \(status)"
    }
  }
}
