import Images
import Tensors

/// A network that marks damage by place: for each place of 8x8 pixels the log-odds that it is damaged (`Damage`).
///
///     input   4 channels a colour -> 16, stride 2
///     down    1 block at 16 without normalisation, stride 2 -> 32, 2 blocks, stride 2 -> 64
///     middle  2 blocks at 64
///     head    layerNorm -> swish -> 1x1 -> 1
///
/// What it is given are the denoiser's three values a colour at `ActivationNetwork.sigma`, and how far each pixel lies from those
/// around: normalisation over channels divides local contrast away, which damage is a matter of; without the fourth value nothing is
/// learned (docs/detection.md).
package struct DamageNetwork: Sendable {
  package let shape: ImageShape
  private let entry: Convolution
  private let levels: [Level]
  private let norm: LayerNorm
  private let exit: Convolution

  private struct Level: Layer {
    let blocks: [ResidualBlock]
    /// Nil at the last.
    let halve: Convolution?
    var parameters: [ParameterSpec] { blocks.flatMap(\.parameters) + (halve?.parameters ?? []) }
  }

  /// Channels of the first level; each further one has twice as many.
  private static let width = 16
  private static let blocks = [1, 2, 2]
  private static let last = blocks.count - 1
  /// What a fourth value is multiplied by, so that texture is as large as the others.
  private static let contrast: Float = 8

  /// - Parameter shape: one that `Damage.takes`.
  package init(_ shape: ImageShape) {
    self.shape = shape
    let channels = Self.blocks.indices.map { Self.width << $0 }
    entry = Convolution(name: "input", input: 4 * shape.channels, output: Self.width, stride: 2)
    levels = channels.indices.map { level in
      Level(
        blocks: (0..<Self.blocks[level]).map {
          ResidualBlock(name: "level.\(level).\($0)", channels: channels[level], isNormalised: level > 0)
        },
        halve: level == Self.last
          ? nil
          : Convolution(
            name: "halve.\(level)", input: channels[level], output: channels[level + 1], stride: 2))
    }
    norm = LayerNorm(name: "head.norm", channels: channels[Self.last])
    // Few places are damaged: it starts by saying so.
    exit = Convolution(
      name: "head.output", input: channels[Self.last], output: 1, kernel: 1, gain: 0.09, bias: -2.5)
  }

  /// Every learned tensor, in the order of the layers.
  package var parameterSpecs: [ParameterSpec] {
    entry.parameters + levels.flatMap(\.parameters) + norm.parameters + exit.parameters
  }

  package var inputChannels: Int { entry.input }

  /// Rows and columns of places.
  package var places: (rows: Int, columns: Int) { (shape.height / Damage.side, shape.width / Damage.side) }

  /// Channels of the middle.
  package static let middleChannels = width << last

  /// Values that a place is told by (`DamageEyes`): the middle's, and of the level before it the most and the least.
  package static let features = middleChannels + 2 * (middleChannels / 2)

  /// What of a graph is wanted, all float32.
  struct Values {
    /// `[batch, 2 * rows, 2 * columns, middleChannels / 2]`.
    let beforeMiddle: Graph.Value
    /// `[batch, rows, columns, middleChannels]`.
    let middle: Graph.Value
    /// `[batch, rows, columns, 1]`.
    let logits: Graph.Value
  }

  /// Adds the whole network to a graph.
  ///
  /// - Parameter x: `[batch, height, width, inputChannels]`, as `encode` makes it.
  /// - Parameter looksInside: whether what the last logits are made of stays readable beside them.
  func build(
    in graph: Graph, x: Graph.Value, precision: Precision, looksInside: Bool = false
  ) throws(EngineError) -> Values {
    var x = try graph.convert(
      try entry(x, in: graph), to: precision == .bfloat16 ? .bfloat16 : .float32)
    var before = x
    for level in levels {
      for block in level.blocks { x = try block(x, in: graph) }
      guard let halve = level.halve else { break }
      before = x
      if looksInside, halve.output == Self.middleChannels {
        before = try graph.convert(x, to: .float32)
        graph.output(before)
      }
      x = try halve(x, in: graph)
    }
    let middle = try graph.convert(x, to: .float32)
    if looksInside { graph.output(middle) }
    let logits = try exit(try graph.swish(try norm(middle, in: graph)), in: graph)
    graph.output(logits)
    return Values(beforeMiddle: before, middle: middle, logits: logits)
  }

  /// Writes the network's input for one image.
  ///
  /// - Parameters:
  ///   - image: `[height, width, channels]` on the scale -1...1.
  ///   - target: `[height, width, inputChannels]`.
  func encode(
    _ image: UnsafePointer<Float>, _ preconditioning: Preconditioning,
    into target: UnsafeMutablePointer<Float>
  ) {
    let (pixels, channels) = (shape.height * shape.width, shape.channels)
    preconditioning.encode(
      image, pixels: pixels, channels: channels, sigma: ActivationNetwork.sigma, into: target,
      stride: inputChannels)
    for channel in 0..<channels {
      let plane = Plane(height: shape.height, width: shape.width) { y, x in
        image[(y * shape.width + x) * channels + channel]
      }
      let around = plane.blurred(0.05 * Float(min(shape.height, shape.width)))
      for pixel in 0..<pixels {
        target[pixel * inputChannels + 3 * channels + channel] =
          Self.contrast * (plane.values[pixel] - around.values[pixel])
      }
    }
  }
}
