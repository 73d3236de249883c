import COneDNN

/// When a step runs: on new weights, on new inputs, on a new output gradient.
enum Phase: CaseIterable { case prepare, forward, backward }

/// A place for a tensor's elements, given memory when the graph is compiled.
final class Slot {
  let bytes: Int
  /// Memory of its own, never shared with another slot.
  private(set) var isPinned = false
  /// Whether an input's gradient is wanted.
  var needsGradient = false
  /// Whether this is an input: its gradient is computed only when wanted.
  var isRoot = false
  private var storage: UnsafeMutableRawPointer?
  /// Keeps `storage` alive.
  private var owner: AlignedBuffer?

  init(bytes: Int) { self.bytes = bytes }

  /// A slot over memory that `owner` holds.
  init(borrowing pointer: UnsafeMutableRawPointer, owner: AlignedBuffer) {
    bytes = 0
    storage = pointer
    self.owner = owner
    isPinned = true
  }

  func pin() { isPinned = true }

  var isPlaced: Bool { storage != nil }

  func place(in buffer: AlignedBuffer) {
    storage = buffer.base
    owner = buffer
  }

  var pointer: UnsafeMutableRawPointer {
    guard let storage else { preconditionFailure("a slot is read only after the graph is compiled") }
    return storage
  }
}

/// One argument of a primitive: which, where, and in what layout.
struct Argument {
  let key: Int32
  let slot: Slot
  let descriptor: Descriptor

  init(_ key: Int32, _ slot: Slot, _ descriptor: Descriptor) {
    self.key = key
    self.slot = slot
    self.descriptor = descriptor
  }
}

/// Owns a oneDNN primitive descriptor: an operation with its layouts decided.
final class PrimitiveDescriptor {
  let handle: dnnl_primitive_desc_t

  init(
    _ operation: String, _ make: (inout dnnl_primitive_desc_t?) -> dnnl_status_t
  ) throws(EngineError) {
    var made: dnnl_primitive_desc_t?
    try check(make(&made), operation)
    guard let made else { throw .operationFailed(operation: operation, status: 5) }
    handle = made
  }

  deinit { dnnl_primitive_desc_destroy(handle) }

  /// The layout chosen for an argument that was left open.
  func layout(_ what: dnnl_query_t, _ index: Int = 0) throws(EngineError) -> Descriptor {
    try Descriptor(of: handle, what, index)
  }
}

/// One primitive with its arguments.
final class Step {
  let label: String
  let kernel: String
  let arguments: [Argument]
  private let primitive: dnnl_primitive_t
  private var memories: [dnnl_memory_t] = []
  private var bound: [dnnl_exec_arg_t] = []

  init(_ label: String, _ descriptor: PrimitiveDescriptor, _ arguments: [Argument]) throws(EngineError) {
    var made: dnnl_primitive_t?
    try check(dnnl_primitive_create(&made, descriptor.handle), label)
    guard let made else { throw .operationFailed(operation: label, status: 5) }
    primitive = made
    self.label = label
    self.arguments = arguments
    kernel = String(cString: onednn_pd_implementation(descriptor.handle))
  }

  deinit {
    for memory in memories { dnnl_memory_destroy(memory) }
    dnnl_primitive_destroy(primitive)
  }

  func bind(_ engine: Engine) throws(EngineError) {
    for argument in arguments {
      var memory: dnnl_memory_t?
      try check(
        onednn_memory_create(
          &memory, argument.descriptor.handle, engine.handle, argument.slot.pointer), label)
      guard let memory else { throw .operationFailed(operation: label, status: 1) }
      memories.append(memory)
      bound.append(dnnl_exec_arg_t(arg: argument.key, memory: memory))
    }
  }

  func run(on stream: dnnl_stream_t) throws(EngineError) {
    try check(dnnl_primitive_execute(primitive, stream, Int32(bound.count), bound), label)
  }
}
