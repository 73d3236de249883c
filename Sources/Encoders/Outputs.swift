internal import COpenVINO
import Diffusion

/// What an encoder gives, and which of it is looked at.
struct Outputs {
  private let model: OpaquePointer
  /// All that there are, by name.
  private let names: [String]
  private let patches: [Int]
  private let pooled: [Int]

  /// Maps that patches are made of unless said.
  private static let levels = 2

  /// - Parameters:
  ///   - model: that was run once.
  ///   - inside: what could be made an output.
  /// - Throws: `EncoderError.unsuitable` where an output that is named is not there, or says nothing of places.
  init(
    of model: OpaquePointer, _ settings: EncoderSettings, inside: [String], path: String
  ) throws(EncoderError) {
    func unsuitable(_ reason: String) -> EncoderError { .unsuitable(path: path, reason: reason) }
    self.model = model
    let names = (0..<encoder_model_outputs(model)).map { index in
      let (_, name) = withSentence { encoder_model_output_name(model, index, $0, $1) }
      return name.isEmpty ? "\(index)" : name
    }
    self.names = names
    func places(_ wanted: [String]) throws(EncoderError) -> [Int] {
      var found: [Int] = []
      for name in wanted {
        guard let place = names.firstIndex(of: name) else {
          throw unsuitable(
            "it has no output \(name): there are \(names.joined(separator: ", "))\(Self.words(inside))")
        }
        found.append(place)
      }
      return found
    }
    var maps: [Int] = []
    for index in names.indices where try Self.map(model, index, path).isMap { maps.append(index) }
    patches = try settings.patches.map(places) ?? Array(maps.prefix(Self.levels))
    pooled = try settings.pooled.map(places) ?? Array(names.indices)
    guard !pooled.isEmpty else { throw unsuitable("no output stands for the whole image") }
    if let flat = patches.first(where: { !maps.contains($0) }) {
      throw unsuitable("its output \(names[flat]) says nothing of places")
    }
  }

  /// What there is inside, or some of it, evenly spread.
  private static func words(_ inside: [String]) -> String {
    guard !inside.isEmpty else { return "" }
    let step = (inside.count + mostNamed - 1) / mostNamed
    let some = stride(from: 0, to: inside.count, by: step).map { inside[$0] }
    return "; inside it \(step > 1 ? "\(inside.count), such as " : "")\(some.joined(separator: ", "))"
  }

  private static let mostNamed = 24

  /// Values of whole images that there may be: their covariance is a matrix of as many rows.
  private static let mostPooled = 4096

  /// What the last run gave looks like, and settings with every output named.
  func form(
    _ settings: EncoderSettings, path: String
  ) throws(EncoderError) -> (FeatureForm, EncoderSettings) {
    let features = try features(path: path)
    guard features.pooled.count <= Self.mostPooled else {
      throw .unsuitable(
        path: path,
        reason:
          "\(features.pooled.count) values of the whole image: at most \(Self.mostPooled). Name fewer outputs (pooled)"
      )
    }
    var named = settings
    named.patches = patches.map { names[$0] }
    named.pooled = pooled.map { names[$0] }
    return (features.form, named)
  }

  /// What the last run gave.
  func features(path: String) throws(EncoderError) -> ImageFeatures {
    var whole: [Float] = []
    for index in pooled { whole += try Self.map(model, index, path).pooled }
    var maps: [FeatureMap] = []
    for index in patches { maps.append(try Self.map(model, index, path).map) }
    // The finest first, as they stand where they are alike.
    let order = maps.indices.sorted { a, b in
      let (x, y) = (maps[a].height * maps[a].width, maps[b].height * maps[b].width)
      return x != y ? x > y : a < b
    }
    return ImageFeatures(pooled: whole, maps: order.map { maps[$0] })
  }

  /// An output, channels last.
  private struct Map {
    let map: FeatureMap
    /// Whether it says anything of places.
    var isMap: Bool { map.height * map.width > 1 }

    /// Values of the whole image: those that there are, or of a map what `FeatureMap.pooled` makes of it.
    var pooled: [Float] { isMap ? map.pooled : map.values }
  }

  private static func map(_ model: OpaquePointer, _ index: Int, _ path: String) throws(EncoderError) -> Map {
    var dimensions = [Int64](repeating: 0, count: Int(ENCODER_RANK))
    var values: UnsafePointer<Float>?
    let (rank, reason) = withSentence { encoder_model_output(model, index, &dimensions, &values, $0, $1) }
    guard rank >= 0, let values else { throw .failed(path: path, reason: reason) }
    guard let map = Self.map(dimensions.prefix(Int(rank)).map { Int($0) }, values) else {
      let shape = dimensions.prefix(Int(rank)).map(String.init).joined(separator: "x")
      throw .unsuitable(
        path: path, reason: "an output of \(shape) says nothing of an image that is understood")
    }
    return Map(map: map)
  }

  /// Of one image: `[1, C]`, `[1, tokens, C]` of a square of tokens with at most one more before it, `[1, C, height, width]`.
  private static func map(_ dimensions: [Int], _ values: UnsafePointer<Float>) -> FeatureMap? {
    guard dimensions.first == 1, dimensions.allSatisfy({ $0 > 0 }) else { return nil }
    switch dimensions.count {
    case 2:
      let own = Array(UnsafeBufferPointer(start: values, count: dimensions[1]))
      return FeatureMap(height: 1, width: 1, channels: dimensions[1], values: own)
    case 3:
      let (tokens, channels) = (dimensions[1], dimensions[2])
      let side = Int(Double(tokens).squareRoot())
      guard tokens - side * side <= 1 else { return nil }
      let first = values + (tokens - side * side) * channels
      let own = Array(UnsafeBufferPointer(start: first, count: side * side * channels))
      return FeatureMap(height: side, width: side, channels: channels, values: own)
    case 4:
      let (channels, places) = (dimensions[1], dimensions[2] * dimensions[3])
      var own = [Float](repeating: 0, count: channels * places)
      for c in 0..<channels {
        for place in 0..<places { own[place * channels + c] = values[c * places + place] }
      }
      return FeatureMap(height: dimensions[2], width: dimensions[3], channels: channels, values: own)
    default: return nil
    }
  }
}
