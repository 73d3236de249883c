import Tensors

/// The denoiser's U-Net: levels of halved resolution, additive noise-level embedding, channel normalisation.
///
/// With w the width, B the blocks, and every convolution 3x3 unless said, at three levels:
///
///     input   3 channels a colour (see `Preconditioning.encode`) -> w
///     down    B blocks at w, stride 2 -> 2w, B blocks, stride 2 -> 4w
///     middle  B blocks at 4w, attention of every place to every place behind the first where asked for
///     up      1x1 -> 2w, enlarge, beside the skip, 1x1 -> 2w, B blocks; the same to w
///     output  normalise -> 1 channel a colour, started at zero
///     block   x + conv(swish(conv(layerNorm(x)) + embedding))
///     embedding  sines and cosines of ln sigma -> linear -> swish -> linear -> swish, one linear a block
///
/// Parameters, with B = 2 and gray images: 0.3 M (w = 16), 1.2 M (32), 4.5 M (64). Multiply-adds a pixel and
/// evaluation, with B = 2: blocks 72 w^2 at full resolution, 72 w^2 at half, 36 w^2 at a quarter; between
/// resolutions 14 w^2; input and output 36 w for gray. For w = 32 that is 0.2 M, 0.31 GFLOP an image of 28x28.
/// Each further level costs 79 w^2 more a pixel and has four times the last one's parameters.
///
/// Normalisation is over a pixel's channels alone: without attention nothing but convolutions carries information between
/// pixels, so cost is linear in pixels and a crop is treated as it would be inside its image (edges apart). Attention at
/// three levels costs 4 w^2 a pixel and w/2 for each of the n places of the middle: 5 k at w = 32 and n = 64, a
/// fortieth of the rest. That is linear no more, nor blind to what lies outside a crop.
package struct Network {
  package let architecture: Architecture
  private let embedding: NoiseLevelEmbedding
  private let entry: Convolution
  /// From full resolution down; what each hands on is its skip.
  private let down: [DownStep]
  private let middle: ResidualBlocks
  /// Back up to full resolution.
  private let up: [UpStep]
  private let norm: LayerNorm
  private let exit: Convolution

  private struct DownStep: Layer {
    let blocks: ResidualBlocks
    let halve: Convolution
    var parameters: [ParameterSpec] { blocks.parameters + halve.parameters }
  }

  private struct UpStep: Layer {
    let enlarge: Convolution
    let merge: Merge
    let blocks: ResidualBlocks
    var parameters: [ParameterSpec] { enlarge.parameters + merge.parameters + blocks.parameters }
  }

  package init(_ architecture: Architecture) {
    self.architecture = architecture
    let (width, colours) = (architecture.width, architecture.shape.channels)
    let last = architecture.levels - 1
    embedding = NoiseLevelEmbedding(name: "level", architecture)
    entry = Convolution(name: "input", input: 3 * colours, output: width)
    down = (0..<last).map { level in
      let channels = width << level
      return DownStep(
        blocks: ResidualBlocks(name: "down.\(level)", channels: channels, architecture),
        halve: Convolution(name: "halve.\(level)", input: channels, output: 2 * channels, stride: 2))
    }
    let attention =
      architecture.attention == 0
      ? nil : Attention(name: Self.attentionName, channels: width << last, heads: architecture.attention)
    middle = ResidualBlocks(name: "middle", channels: width << last, architecture, attention: attention)
    up = (0..<last).reversed().map { level in
      let channels = width << level
      return UpStep(
        enlarge: Convolution(name: "enlarge.\(level)", input: 2 * channels, output: channels, kernel: 1),
        merge: Merge(name: "merge.\(level)", channels: channels),
        blocks: ResidualBlocks(name: "up.\(level)", channels: channels, architecture))
    }
    norm = LayerNorm(name: "output.norm", channels: width)
    exit = Convolution(name: Self.exitName, input: width, output: colours, gain: 0)
  }

  static let exitName = "output"
  static let attentionName = "middle.attention"

  /// Channels of the network's input.
  package var inputChannels: Int { entry.input }

  /// The layers in the order of their parameters.
  private var layers: [any Layer] { [embedding, entry] + down + [middle] + up + [norm, exit] }

  /// Every learned tensor, in the order of the layers.
  package var parameterSpecs: [ParameterSpec] { layers.flatMap { $0.parameters } }

  /// - Parameter values: of all learned tensors, as `Parameters` lays them out.
  package func weights(_ values: [Float]) -> FrozenWeights {
    let parameters = Parameters(parameterSpecs)
    parameters.withValues { _ = $0.update(from: values) }
    return FrozenWeights(parameters)
  }

  /// Those of the way down alone (`buildMiddle`).
  package var downSpecs: [ParameterSpec] {
    ([embedding, entry] + down + [middle] as [any Layer]).flatMap { $0.parameters }
  }

  /// What the network is told of a noise level, `[2 * frequencies]`.
  package func levelFeatures(_ sigma: Float) -> [Float] { embedding.features(sigma) }

  /// Adds the whole network to a graph.
  ///
  /// - Parameters:
  ///   - x: `[batch, height, width, inputChannels]`, as `Preconditioning.encode` makes it.
  ///   - features: `[batch or 1, 2 * frequencies]`; 1 in inference, where a batch shares its noise level.
  /// - Returns: F of the preconditioning, `[batch, height, width, channels]`.
  package func build(
    in graph: Graph, x: Graph.Value, features: Graph.Value, precision: Precision
  ) throws(EngineError) -> Graph.Value {
    let embedded = try embedding(features, in: graph)
    var (x, skips) = try descend(x, at: embedded, in: graph, precision: precision)
    for (step, skip) in zip(up, skips.reversed()) {
      x = try step.merge(try step.enlarge(x, in: graph), beside: skip, in: graph)
      x = try step.blocks(x, at: embedded, in: graph)
    }
    return try exit(try norm(try graph.convert(x, to: .float32), in: graph), in: graph)
  }

  /// Adds the way down alone: what the network makes of an image before it turns to each pixel.
  ///
  /// - Parameters: as `build`'s.
  /// - Returns: float32 activations, `[batch, height / 2^(levels - 1), width / 2^(levels - 1), middleChannels]`.
  package func buildMiddle(
    in graph: Graph, x: Graph.Value, features: Graph.Value, precision: Precision
  ) throws(EngineError) -> Graph.Value {
    let embedded = try embedding(features, in: graph)
    let (x, _) = try descend(x, at: embedded, in: graph, precision: precision)
    return try graph.convert(x, to: .float32)
  }

  /// Channels at the lowest resolution.
  package var middleChannels: Int { architecture.middleChannels }

  /// From full resolution through the middle, and what is handed on beside.
  private func descend(
    _ x: Graph.Value, at embedded: Graph.Value, in graph: Graph, precision: Precision
  ) throws(EngineError) -> (x: Graph.Value, skips: [Graph.Value]) {
    var x = try graph.convert(
      try entry(x, in: graph), to: precision == .bfloat16 ? .bfloat16 : .float32)
    var skips: [Graph.Value] = []
    for step in down {
      x = try step.blocks(x, at: embedded, in: graph)
      skips.append(x)
      x = try step.halve(x, in: graph)
    }
    return (try middle(x, at: embedded, in: graph), skips)
  }
}
