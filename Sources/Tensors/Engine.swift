import COneDNN

/// How a network's inner layers compute.
public enum Precision: String, Sendable, CaseIterable {
  /// Every value in 32-bit floating point; 3x3 convolutions by Winograd's algorithm where oneDNN has it.
  case float32 = "f32"
  /// Every value in 32-bit floating point, every sum as it stands: what the other two are measured against.
  case direct = "f32-direct"
  /// Inner activations and weights in bfloat16, sums in float32; first and last layers in float32.
  case bfloat16 = "bf16"

  /// bfloat16 where the processor multiplies it faster than float32, float32 elsewhere.
  ///
  /// Faster are matrix tiles (AMX) and AMD's vector units, twice float32's pace; Intel's vector units without tiles
  /// were measured at half of it (docs/performance.md). The choice depends on the processor alone, never on a timing:
  /// the same machine gives the same bytes.
  public static var fastest: Precision {
    onednn_has_amx_bf16() != 0 || (onednn_has_bf16() != 0 && onednn_is_amd() != 0) ? .bfloat16 : .float32
  }

  /// Whether the processor multiplies bfloat16 at all.
  public static var hasBFloat16: Bool { onednn_has_bf16() != 0 }

  /// Those this processor has.
  public static var supported: [Precision] { allCases.filter { $0 != .bfloat16 || hasBFloat16 } }
}

/// A oneDNN CPU engine and the stream its primitives run on.
///
/// Use one engine from one thread at a time: oneDNN's OpenMP team belongs to the calling thread, and so does its size.
public final class Engine {
  let handle: dnnl_engine_t
  let stream: dnnl_stream_t
  /// Attributes of a primitive with nothing fused behind it.
  private let unfused: PostOperations
  var plain: dnnl_primitive_attr_t { unfused.attributes }

  /// - Parameter threads: OpenMP threads for work from the calling thread on, or nil for as many as it has now: at
  ///   first all that the machine offers.
  /// - Throws: `EngineError.operationFailed` when oneDNN has no CPU engine.
  public init(threads: Int? = nil) throws(EngineError) {
    if let threads { onednn_set_threads(Int32(threads)) }
    var engine: dnnl_engine_t?
    try check(dnnl_engine_create(&engine, dnnl_cpu, 0), "create engine")
    var stream: dnnl_stream_t?
    try check(
      dnnl_stream_create(&stream, engine, dnnl_stream_default_flags.rawValue), "create stream")
    guard let engine, let stream else {
      throw .operationFailed(operation: "create engine", status: 5)
    }
    self.handle = engine
    self.stream = stream
    unfused = try PostOperations()
  }

  deinit {
    dnnl_stream_destroy(stream)
    dnnl_engine_destroy(handle)
  }

  /// Version of the oneDNN library in use, such as "2.6.3".
  public static var version: String {
    guard let version = dnnl_version()?.pointee else { return "unknown" }
    return "\(version.major).\(version.minor).\(version.patch)"
  }

  /// OpenMP threads that primitives use when made or run from the calling thread.
  public static var threads: Int {
    get { Int(onednn_max_threads()) }
    set { onednn_set_threads(Int32(newValue)) }
  }
}

func check(_ status: dnnl_status_t, _ operation: @autoclosure () -> String) throws(EngineError) {
  guard status == dnnl_success else {
    throw .operationFailed(operation: operation(), status: Int(status.rawValue))
  }
}
