import COneDNN
import Foundation

/// A oneDNN CPU engine and the stream its primitives run on.
///
/// Use one engine from one thread at a time: oneDNN's OpenMP team belongs to the calling thread, and so does its size.
package final class Engine {
  let handle: dnnl_engine_t
  let stream: dnnl_stream_t
  /// Attributes of a primitive with nothing fused behind it.
  private let unfused: PostOperations
  var plain: dnnl_primitive_attr_t { unfused.attributes }

  /// - Parameter threads: OpenMP threads for work from the calling thread on, or nil for as many as it has now: at
  ///   first all that the machine offers.
  /// - Throws: `EngineError.operationFailed` when oneDNN has no CPU engine.
  package init(threads: Int? = nil) throws(EngineError) {
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
  package static var version: String {
    guard let version = dnnl_version()?.pointee else { return "unknown" }
    return "\(version.major).\(version.minor).\(version.patch)"
  }

  /// The vector instructions that it computes with, by oneDNN's number: results differ in their last digits between them.
  package static var instructions: Int { Int(dnnl_get_effective_cpu_isa().rawValue) }

  /// Threads worth using: the processors that this process may run on, no more than its control group has time for, and
  /// no more than OMP_NUM_THREADS where that is set.
  package static let availableThreads: Int = {
    var limits = [allowedProcessors]
    if let time = ControlGroup().processors { limits.append(max(Int(time.rounded(.up)), 1)) }
    let wish = ProcessInfo.processInfo.environment["OMP_NUM_THREADS"].flatMap { Int($0) } ?? 0
    if wish > 0 { limits.append(wish) }
    return limits.min() ?? 1
  }()

  /// By the scheduler's affinity.
  private static var allowedProcessors: Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let mask = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed:") }?.dropFirst(13) ?? ""
    let allowed = mask.reduce(0) { $0 + ($1.hexDigitValue ?? 0).nonzeroBitCount }
    return allowed > 0 ? allowed : max(ProcessInfo.processInfo.activeProcessorCount, 1)
  }

  /// OpenMP threads that primitives use when made or run from the calling thread.
  package static var threads: Int {
    get { Int(onednn_max_threads()) }
    set { onednn_set_threads(Int32(newValue)) }
  }
}

func check(_ status: dnnl_status_t, _ operation: @autoclosure () -> String) throws(EngineError) {
  guard status == dnnl_success else {
    throw .operationFailed(operation: operation(), status: Int(status.rawValue))
  }
}
