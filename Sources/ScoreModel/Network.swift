import Foundation
import Tensors

/// The denoiser's U-Net: three resolutions, additive noise-level embedding, channel normalisation.
///
/// With w the width, B the blocks, and every convolution 3x3 unless said:
///
///     input   3 channels a colour (see `Preconditioning.encode`) -> w
///     down    B blocks at w, stride 2 -> 2w, B blocks, stride 2 -> 4w
///     middle  B blocks at 4w
///     up      1x1 -> 2w, enlarge, beside the skip, 1x1 -> 2w, B blocks; the same to w
///     output  normalise -> 1 channel a colour, started at zero
///     block   x + conv(swish(conv(layerNorm(x)) + embedding))
///     embedding  sines and cosines of ln sigma -> linear -> swish -> linear -> swish, one linear a block
///
/// Parameters, with B = 2 and gray images: 0.3 M (w = 16), 1.2 M (32), 4.5 M (64). Multiply-adds a pixel and
/// evaluation, with B = 2: blocks 72 w^2 at full resolution, 72 w^2 at half, 36 w^2 at a quarter; between
/// resolutions 14 w^2; input and output 36 w for gray. For w = 32 that is 0.2 M, 0.31 GFLOP an image of 28x28.
///
/// Normalisation is over a pixel's channels alone: nothing but convolutions carries information between pixels,
/// so cost is linear in pixels and a crop is treated as it would be inside its image (edges apart).
public struct Network {
  public let architecture: Architecture

  public init(_ architecture: Architecture) { self.architecture = architecture }

  /// Channels of the network's input.
  public var inputChannels: Int { 3 * architecture.shape.channels }

  /// Every learned tensor, in the order of the layers.
  public var parameterSpecs: [ParameterSpec] {
    let w = architecture.width
    var specs: [ParameterSpec] = []
    func linear(_ name: String, _ input: Int, _ output: Int) {
      specs.append(.init("\(name).weight", [input, output], .scaledNormal(gain: 1, fanIn: input)))
      specs.append(.init("\(name).bias", [output], .constant(0)))
    }
    func convolution(_ name: String, _ input: Int, _ output: Int, _ kernel: Int, gain: Float = 1) {
      let fanIn = input * kernel * kernel
      specs.append(
        .init(
          "\(name).weight", [output, input, kernel, kernel],
          gain == 0 ? .constant(0) : .scaledNormal(gain: gain, fanIn: fanIn)))
      specs.append(.init("\(name).bias", [output], .constant(0)))
    }
    func norm(_ name: String, _ channels: Int) {
      specs.append(.init("\(name).scale", [channels], .constant(1)))
      specs.append(.init("\(name).shift", [channels], .constant(0)))
    }
    func blocks(_ name: String, _ channels: Int) {
      for index in 0..<architecture.blocks {
        norm("\(name).\(index).norm", channels)
        linear("\(name).\(index).level", architecture.embedding, channels)
        convolution("\(name).\(index).conv1", channels, channels, 3, gain: 2)
        convolution("\(name).\(index).conv2", channels, channels, 3, gain: 0)
      }
    }
    linear("level.0", 2 * architecture.frequencies, architecture.embedding)
    linear("level.1", architecture.embedding, architecture.embedding)
    convolution("input", inputChannels, w, 3)
    blocks("down.0", w)
    convolution("halve.0", w, 2 * w, 3)
    blocks("down.1", 2 * w)
    convolution("halve.1", 2 * w, 4 * w, 3)
    blocks("middle", 4 * w)
    for (level, channels) in [(1, 2 * w), (0, w)] {
      convolution("enlarge.\(level)", 2 * channels, channels, 1)
      convolution("merge.\(level)", 2 * channels, channels, 1)
      blocks("up.\(level)", channels)
    }
    norm("output.norm", w)
    convolution("output", w, architecture.shape.channels, 3, gain: 0)
    return specs
  }

  /// Sines and cosines of ln sigma, `[2 * frequencies]`; periods from 0.5 to 32 in ln sigma.
  public func levelFeatures(_ sigma: Float) -> [Float] {
    let u = log(Double(sigma))
    let count = architecture.frequencies
    return (0..<2 * count).map { index in
      let position = count > 1 ? Double(index / 2) / Double(count - 1) : 0
      let phase = 2 * Double.pi * u / (0.5 * pow(64, position))
      return Float(index % 2 == 0 ? sin(phase) : cos(phase))
    }
  }

  /// Adds the whole network to a graph.
  ///
  /// - Parameters:
  ///   - x: `[batch, height, width, inputChannels]`, as `Preconditioning.encode` makes it.
  ///   - features: `[batch or 1, 2 * frequencies]`; 1 in inference, where a batch shares its noise level.
  /// - Returns: F of the preconditioning, `[batch, height, width, channels]`.
  public func build(
    in graph: Graph, x: Graph.Value, features: Graph.Value, precision: Precision
  ) throws(EngineError) -> Graph.Value {
    let inner: ElementType = precision == .bfloat16 ? .bfloat16 : .float32
    let hidden = try graph.linear(features, weight: "level.0.weight", bias: "level.0.bias", swish: true)
    let level = try graph.linear(hidden, weight: "level.1.weight", bias: "level.1.bias", swish: true)

    func convolution(_ x: Graph.Value, _ name: String, stride: Int = 1) throws(EngineError) -> Graph.Value {
      try graph.convolution(x, weight: "\(name).weight", bias: "\(name).bias", stride: stride)
    }
    func blocks(_ start: Graph.Value, _ name: String) throws(EngineError) -> Graph.Value {
      var x = start
      for index in 0..<architecture.blocks {
        let block = "\(name).\(index)"
        let normal = try graph.layerNorm(x, scale: "\(block).norm.scale", shift: "\(block).norm.shift")
        let shift = try graph.linear(level, weight: "\(block).level.weight", bias: "\(block).level.bias")
        let inside = try graph.convolution(
          normal, weight: "\(block).conv1.weight", bias: "\(block).conv1.bias", shift: shift, swish: true,
          staysOpen: true)
        x = try graph.convolution(
          inside, weight: "\(block).conv2.weight", bias: "\(block).conv2.bias", adding: x)
      }
      return x
    }
    func rise(_ low: Graph.Value, to skip: Graph.Value, _ level: Int) throws(EngineError) -> Graph.Value {
      let narrow = try convolution(low, "enlarge.\(level)")
      let merged = try graph.merge(
        narrow, skip, weight: "merge.\(level).weight", bias: "merge.\(level).bias")
      return try blocks(merged, "up.\(level)")
    }

    let entry = try graph.convert(try convolution(x, "input"), to: inner)
    let full = try blocks(entry, "down.0")
    let half = try blocks(try convolution(full, "halve.0", stride: 2), "down.1")
    let quarter = try blocks(try convolution(half, "halve.1", stride: 2), "middle")
    let back = try rise(try rise(quarter, to: half, 1), to: full, 0)
    let normal = try graph.layerNorm(
      try graph.convert(back, to: .float32), scale: "output.norm.scale", shift: "output.norm.shift")
    return try convolution(normal, "output")
  }
}
