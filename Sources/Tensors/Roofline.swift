import COneDNN

/// What the processor can do at most, to judge the network's pace by.
package enum Roofline {
  /// Operations a second (multiplication and addition counted as two) of oneDNN's own 3x3 convolution, in the layouts
  /// it prefers, on `[32, 32, 32, channels]`: median of `rounds`.
  package static func convolution(
    engine: Engine, precision: Precision, channels: Int = 128, rounds: Int = 20
  ) throws(EngineError) -> Double {
    let type: ElementType = precision == .bfloat16 ? .bfloat16 : .float32
    let (batch, side) = (32, 32)
    let graph = Graph(engine: engine, mode: .inference, parameters: Parameters([]))
    let open = try Descriptor([batch, channels, side, side], type, dnnl_format_tag_any)
    let openWeights = try Descriptor([channels, channels, 3, 3], type, dnnl_format_tag_any)
    let bias = try Descriptor([channels], .float32, dnnl_a)
    let none = try PostOperations()
    let primitive = try PrimitiveDescriptor("roofline") {
      onednn_convolution_forward(
        &$0, engine.handle, dnnl_forward_inference, dnnl_convolution_direct, open.handle, openWeights.handle,
        bias.handle, open.handle,
        [1, 1], [1, 1], [1, 1], none.attributes)
    }
    var arguments: [Argument] = []
    for (key, what) in [
      (DNNL_ARG_SRC, dnnl_query_src_md), (DNNL_ARG_WEIGHTS, dnnl_query_weights_md),
      (DNNL_ARG_DST, dnnl_query_dst_md),
    ] {
      let layout = try primitive.layout(what)
      arguments.append(.init(key, Slot(bytes: layout.bytes), layout))
    }
    arguments.append(.init(DNNL_ARG_BIAS, Slot(bytes: bias.bytes), bias))
    try graph.emit(.forward, "roofline", primitive, arguments)
    try graph.compile()
    for _ in 0..<3 { try graph.forward() }
    var seconds: [Double] = []
    for _ in 0..<rounds {
      let start = ContinuousClock.now
      try graph.forward()
      seconds.append((ContinuousClock.now - start) / Duration.seconds(1))
    }
    let work = 2.0 * Double(batch * side * side * channels * channels * 9)
    return work / seconds.sorted()[rounds / 2]
  }

  /// Bytes a second that adding two arrays far larger than the caches moves (two read, one written; the read before a
  /// write not counted): median of `rounds`.
  package static func bandwidth(engine: Engine, rounds: Int = 10) throws(EngineError) -> Double {
    let graph = Graph(engine: engine, mode: .inference, parameters: Parameters([]))
    let a = try graph.input([64, 1024, 1024, 1])
    let b = try graph.input([64, 1024, 1024, 1])
    graph.output(try graph.add(a, b))
    try graph.compile()
    try graph.forward()
    var seconds: [Double] = []
    for _ in 0..<rounds {
      let start = ContinuousClock.now
      try graph.forward()
      seconds.append((ContinuousClock.now - start) / Duration.seconds(1))
    }
    return 3 * 4 * 64.0 * 1024 * 1024 / seconds.sorted()[rounds / 2]
  }
}
