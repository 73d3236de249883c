import COneDNN

/// A fixed computation over tensors of fixed shapes: a list of oneDNN primitives with their memory planned.
///
/// Layers are added once (`convolution`, `layerNorm`, ...), `compile` plans the memory, then `prepare`, `forward`
/// and `backward` only run primitives: no allocation, no lookup, no shape arithmetic. Every primitive and every
/// reordered weight is therefore cached by construction, one graph a shape and type.
///
/// Activations are channels-last (`nhwc`) from end to end, so normalisation over channels, convolution and
/// resampling take them as they are; only between two convolutions by Winograd's algorithm are channels in blocks.
/// Weights are laid out as each convolution prefers, by `prepare`.
///
/// In `.training`, every layer also records its backward pass; in `.inference`, shifts, swish and residual sums
/// are fused into the convolution before them and buffers are shared between values that never live together.
///
/// Use from one thread at a time.
package final class Graph {
  package enum Mode: Sendable { case inference, training }

  /// A tensor in the graph. Shape `[batch, height, width, channels]` or `[batch, channels]`.
  package final class Value {
    package let shape: [Int]
    package let type: ElementType
    private let place: Slot
    /// Set when a fused sum took the memory for its result.
    var isOverwritten = false
    /// Whether channels are in blocks rather than last; only convolutions take such a value.
    let isBlocked: Bool
    let descriptor: Descriptor

    init(shape: [Int], type: ElementType, slot: Slot, descriptor: Descriptor, isBlocked: Bool = false) {
      self.shape = shape
      self.type = type
      place = slot
      self.descriptor = descriptor
      self.isBlocked = isBlocked
    }

    /// Where it lies, whatever its layout.
    var memory: Slot {
      precondition(!isOverwritten, "a value is not used after a fused sum took its memory")
      return place
    }

    /// Where it lies, channels last.
    var slot: Slot {
      precondition(!isBlocked, "a value left open is for a convolution")
      return memory
    }
  }

  package let engine: Engine
  package let mode: Mode
  package let parameters: Parameters
  /// Where `parameters` no longer change: shares what is laid out of them with other graphs.
  let frozen: FrozenWeights?
  let usesWinograd: Bool
  var steps: [Phase: [Step]] = [:]
  /// Emits the backward steps of each layer when run last to first.
  ///
  /// Each throws only `EngineError`; typed, these closures crash the Swift 6.3.1 optimiser.
  var tape: [() throws -> Void] = []
  var gradients: [ObjectIdentifier: Slot] = [:]
  private var isCompiled = false

  /// - Parameters:
  ///   - parameters: the learned tensors that layers refer to by name. Each may be used once.
  ///   - usesWinograd: whether float32 convolutions may be by Winograd's algorithm.
  package init(engine: Engine, mode: Mode, parameters: Parameters, usesWinograd: Bool = true) {
    self.engine = engine
    self.mode = mode
    self.parameters = parameters
    frozen = nil
    self.usesWinograd = usesWinograd
  }

  /// A graph for inference with weights that it shares with others. `prepare` has nothing left to do.
  package init(engine: Engine, weights: FrozenWeights, usesWinograd: Bool = true) {
    self.engine = engine
    mode = .inference
    parameters = weights.parameters
    frozen = weights
    self.usesWinograd = usesWinograd
  }

  // MARK: Inputs and outputs

  /// A float32 tensor that the host fills with `write` before `forward`.
  package func input(_ shape: [Int]) throws(EngineError) -> Value {
    let value = try value(shape, .float32)
    value.slot.pin()
    value.slot.isRoot = true
    return value
  }

  /// Keeps a value's memory after `forward` so that `read` finds it.
  package func output(_ value: Value) { value.slot.pin() }

  /// Emits the backward pass from `output`, whose gradient the host fills through `writeGradient`.
  ///
  /// - Parameter wanted: inputs whose gradients are to be readable afterwards.
  package func differentiate(_ output: Value, wanted: [Value] = []) throws(EngineError) {
    let seed = Slot(bytes: output.descriptor.bytes)
    seed.pin()
    for value in wanted { value.slot.needsGradient = true }
    gradients[ObjectIdentifier(output.memory)] = seed
    do {
      for layer in tape.reversed() { try layer() }
    } catch let error as EngineError {
      throw error
    } catch {
      throw .operationFailed(operation: "differentiate: \(error)", status: 5)
    }
    tape = []
    for value in wanted { gradients[ObjectIdentifier(value.memory)]?.pin() }
  }

  /// Copies `source`, row-major, into a float32 value; a shorter source leaves the rest as it was.
  package func write(_ source: [Float], to value: Value) {
    source.withUnsafeBytes { value.slot.pointer.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
  }

  /// A float32 value's memory, for host code that fills or reads it in place. Valid while the graph lives.
  package func withFloats<R>(
    of value: Value, _ body: (UnsafeMutableBufferPointer<Float>) throws -> R
  ) rethrows -> R {
    try body(Self.floats(value.slot, value.shape))
  }

  /// A copy of a float32 value.
  package func read(_ value: Value) -> [Float] { withFloats(of: value) { Array($0) } }

  /// The memory of a float32 value's gradient: to fill (the output's) or to read (a wanted input's).
  package func withGradient<R>(
    of value: Value, _ body: (UnsafeMutableBufferPointer<Float>) throws -> R
  ) rethrows -> R? {
    guard let slot = gradients[ObjectIdentifier(value.memory)] else { return nil }
    return try body(Self.floats(slot, value.shape))
  }

  private static func floats(_ slot: Slot, _ shape: [Int]) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(
      start: slot.pointer.assumingMemoryBound(to: Float.self), count: shape.reduce(1, *))
  }

  // MARK: Running

  /// Plans memory and binds it to the primitives. Call once, after the last layer.
  /// - Throws: `EngineError.outOfMemory`, before any is taken.
  package func compile() throws(EngineError) {
    precondition(!isCompiled, "a graph is compiled once")
    isCompiled = true
    let ordered = Phase.allCases.flatMap { steps[$0] ?? [] }
    try MemoryPlan.assign(ordered)
    for step in ordered { try step.bind(engine) }
  }

  /// Lays out the weights as the primitives want them: after compiling and whenever parameters change.
  package func prepare() throws(EngineError) { try run(.prepare) }

  /// Computes every value from the inputs.
  package func forward() throws(EngineError) { try run(.forward) }

  /// Computes the gradients of all parameters, and of wanted inputs, from the output's gradient.
  package func backward() throws(EngineError) { try run(.backward) }

  private func run(_ phase: Phase) throws(EngineError) {
    for step in steps[phase] ?? [] { try step.run(on: engine.stream) }
    try check(dnnl_stream_wait(engine.stream), "wait")
  }

  /// Runs each forward and backward step alone, `rounds` times, and reports its time and the oneDNN kernel used.
  package func profile(rounds: Int) throws(EngineError) -> [(layer: String, kernel: String, seconds: Double)]
  {
    var report: [(layer: String, kernel: String, seconds: Double)] = []
    for step in [Phase.prepare, .forward, .backward].flatMap({ steps[$0] ?? [] }) {
      let start = ContinuousClock.now
      for _ in 0..<rounds {
        try step.run(on: engine.stream)
        try check(dnnl_stream_wait(engine.stream), "wait")
      }
      let spent = (ContinuousClock.now - start) / Duration.seconds(1)
      report.append((step.label, step.kernel, spent / Double(rounds)))
    }
    return report
  }

  // MARK: Building blocks for the layers

  func value(_ shape: [Int], _ type: ElementType) throws(EngineError) -> Value {
    let descriptor = try Self.descriptor(shape, type)
    return Value(shape: shape, type: type, slot: Slot(bytes: descriptor.bytes), descriptor: descriptor)
  }

  /// A value in the layout of another of its shape and type.
  func value(like x: Value) -> Value {
    Value(
      shape: x.shape, type: x.type, slot: Slot(bytes: x.descriptor.bytes), descriptor: x.descriptor,
      isBlocked: x.isBlocked)
  }

  /// Channels-last layout of a shape; oneDNN names the axes batch, channels, height, width whatever the layout.
  static func descriptor(_ shape: [Int], _ type: ElementType) throws(EngineError) -> Descriptor {
    shape.count == 4
      ? try Descriptor([shape[0], shape[3], shape[1], shape[2]], type, dnnl_nhwc)
      : try Descriptor(shape, type, dnnl_ab)
  }

  /// A slot over a learned tensor's values.
  func parameter(_ name: String, shape: [Int]) throws(EngineError) -> Slot {
    try slot(name, shape, in: parameters.values)
  }

  /// A slot over a learned tensor's gradient; in training.
  func parameterGradient(_ name: String, shape: [Int]) throws(EngineError) -> Slot {
    try slot(name, shape, in: parameters.gradients)
  }

  private func slot(_ name: String, _ shape: [Int], in buffer: AlignedBuffer) throws(EngineError) -> Slot {
    guard let spec = parameters.specs.first(where: { $0.name == name }), spec.shape == shape,
      let offset = parameters.offsets[name]
    else { throw .missingParameter(name: name, shape: shape) }
    return Slot(borrowing: buffer.base + offset * 4, owner: buffer)
  }

  func spec(_ name: String) throws(EngineError) -> ParameterSpec {
    guard let spec = parameters.specs.first(where: { $0.name == name }) else {
      throw .missingParameter(name: name, shape: [])
    }
    return spec
  }

  func emit(
    _ phase: Phase, _ label: String, _ primitive: PrimitiveDescriptor, _ arguments: [Argument]
  ) throws(EngineError) {
    steps[phase, default: []].append(try step(label, primitive, arguments))
  }

  private func step(
    _ label: String, _ primitive: PrimitiveDescriptor, _ arguments: [Argument]
  ) throws(EngineError) -> Step {
    let working = try primitive.layout(dnnl_query_scratchpad_md)
    let extra =
      working.bytes > 0 ? [Argument(DNNL_ARG_SCRATCHPAD, Slot(bytes: working.bytes), working)] : []
    return try Step(label, primitive, arguments + extra)
  }

  /// Copies between layouts or element types, or adds to what the target holds.
  func reorder(
    _ phase: Phase, _ label: String, from source: (Slot, Descriptor), to target: (Slot, Descriptor),
    adding: Bool = false
  ) throws(EngineError) {
    steps[phase, default: []].append(try reordering(label, from: source, to: target, adding: adding))
  }

  private func reordering(
    _ label: String, from source: (Slot, Descriptor), to target: (Slot, Descriptor), adding: Bool = false
  ) throws(EngineError) -> Step {
    let fused = try PostOperations()
    if adding { try fused.sum() }
    let primitive = try PrimitiveDescriptor(label) {
      onednn_reorder(&$0, engine.handle, source.1.handle, target.1.handle, fused.attributes)
    }
    return try step(
      label, primitive,
      [.init(DNNL_ARG_FROM, source.0, source.1), .init(DNNL_ARG_TO, target.0, target.1)])
  }

  /// Copies between layouts at once, into memory that no other step uses.
  func reorderNow(
    _ label: String, from source: (Slot, Descriptor), to target: (AlignedBuffer, Descriptor)
  ) throws(EngineError) {
    let slot = Slot(borrowing: target.0.base, owner: target.0)
    let step = try reordering(label, from: source, to: (slot, target.1))
    try MemoryPlan.assign([step])
    try step.bind(engine)
    try step.run(on: engine.stream)
    try check(dnnl_stream_wait(engine.stream), "wait")
  }

  /// Adds `slot` to what is known of a value's gradient.
  func accumulate(_ slot: Slot, into value: Value) throws(EngineError) {
    let key = ObjectIdentifier(value.memory)
    guard let known = gradients[key] else {
      gradients[key] = slot
      return
    }
    let sum = Slot(bytes: value.descriptor.bytes)
    try emitSum(.backward, "gradient sum", known, slot, into: sum, as: value.descriptor)
    gradients[key] = sum
  }

  func gradient(of value: Value) -> Slot? { gradients[ObjectIdentifier(value.memory)] }
}
