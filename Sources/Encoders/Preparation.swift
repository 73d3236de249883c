import Images

/// Pixels as an encoder wants them: settings with nothing left open.
struct Preparation: Sendable, Equatable {
  let shape: ImageShape
  /// Of each channel in the encoder's order: value = pixel * factor + offset.
  let factors: [Float]
  let offsets: [Float]
  let order: EncoderSettings.Order
  let layout: EncoderSettings.Layout

  /// What networks trained on ImageNet take off red, green and blue, and divide by.
  static let mean = [0.485, 0.456, 0.406]
  static let deviation = [0.229, 0.224, 0.225]
  static let side = 224

  /// - Parameters:
  ///   - input: dimensions of the encoder's input, -1 where open; empty where their number is.
  ///   - path: named in errors.
  /// - Throws: `EncoderError.unsuitable` where settings and input do not go together.
  init(_ settings: EncoderSettings, input: [Int], path: String) throws(EncoderError) {
    func unsuitable(_ reason: String) -> EncoderError { .unsuitable(path: path, reason: reason) }
    if let refusal = settings.refusal { throw unsuitable(refusal) }
    let dimensions = input.isEmpty ? [-1, -1, -1, -1] : input
    guard dimensions.count == 4 else {
      throw unsuitable("its input has \(dimensions.count) dimensions: an encoder of images has 4")
    }
    let colours = [1, 3]
    let seemsLast = colours.contains(dimensions[3]) && !colours.contains(dimensions[1])
    layout = settings.layout ?? (seemsLast ? .nhwc : .nchw)
    let (c, h, w) = layout == .nchw ? (1, 2, 3) : (3, 1, 2)
    func choose(_ name: String, _ given: Int?, _ axis: Int, _ standard: Int) throws(EncoderError) -> Int {
      let own = dimensions[axis]
      // An encoder of one size takes that alone; where it is open or another, OpenVINO says whether it can.
      return given ?? (own > 0 ? own : standard)
    }
    let channels = try choose("channels", settings.channels, c, 3)
    guard colours.contains(channels) else {
      throw unsuitable("its input has \(channels) channels, not 1 or 3")
    }
    shape = ImageShape(
      height: try choose("height", settings.height, h, Self.side),
      width: try choose("width", settings.width, w, Self.side), channels: channels)
    order = settings.order ?? .rgb
    let scale = settings.scale ?? 1
    func each(_ values: [Double]?, _ standard: [Double], _ name: String) throws(EncoderError) -> [Double] {
      guard let values else {
        return channels == 3 ? standard.map { $0 * scale } : [standard.reduce(0, +) / 3 * scale]
      }
      guard values.count == channels || values.count == 1 else {
        throw unsuitable("\(name) has \(values.count) numbers for \(channels) channels")
      }
      return values.count == channels ? values : [Double](repeating: values[0], count: channels)
    }
    let mean = try each(settings.mean, Self.mean, "mean")
    let deviation = try each(settings.deviation, Self.deviation, "deviation")
    factors = deviation.map { Float(scale / (255 * $0)) }
    offsets = zip(mean, deviation).map { Float(-$0 / $1) }
  }

  /// The encoder's input for one image.
  var dimensions: [Int64] {
    let (c, h, w) = (Int64(shape.channels), Int64(shape.height), Int64(shape.width))
    return layout == .nchw ? [1, c, h, w] : [1, h, w, c]
  }

  /// - Parameters:
  ///   - pixels: `[height, width, channels]`, red first.
  ///   - target: as many values.
  func prepare(_ pixels: ArraySlice<UInt8>, into target: UnsafeMutablePointer<Float>) {
    let (channels, places) = (shape.channels, shape.height * shape.width)
    pixels.withUnsafeBufferPointer { pixels in
      for channel in 0..<channels {
        // Mean and deviation are in the order of red, green and blue, whatever comes first.
        let from = order == .bgr ? channels - 1 - channel : channel
        let (factor, offset) = (factors[from], offsets[from])
        let (start, step) = layout == .nchw ? (channel * places, 1) : (channel, channels)
        for place in 0..<places {
          target[start + place * step] = Float(pixels[place * channels + from]) * factor + offset
        }
      }
    }
  }
}
