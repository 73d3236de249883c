import Foundation

/// How the one thing that each image shows on a plain ground is brought to where others lie: its middle to the middle, all to one scale, and
/// where it is said, turned as others are: rigid registration to templates, of the angle by the correlation of polar views, of the place by that of
/// windows.
///
/// What such things have at one place is then at one place of every image, however they lay. What a window of the thing's size leaves out is
/// not looked at.
public struct Alignment: Sendable, Hashable {
  public enum Kind: String, Codable, Sendable, CaseIterable {
    /// Moved.
    case placed
    /// Moved and turned.
    case turned
  }

  /// Half of the window that is looked at, in shares of an image's longer side: along the axis of things that are turned, which lies level,
  /// and across.
  public let halfWidth: Double
  public let halfHeight: Double
  /// Of images as their things are found: 1 gray, 3 RGB.
  public let channels: Int
  /// How far views go, in shares of an image's longer side.
  let reach: Double
  /// What most things look like; nil where they are not turned.
  let template: PolarView?
  /// What most windows show: it says how far one is off.
  let window: WindowView

  public var kind: Kind { template == nil ? .placed : .turned }

  /// Side at which the thing is looked for: noise is averaged away, and a tenth of a pixel there is little.
  package static let searched = 256
  /// Longest side that is kept of an image to take the thing from.
  static let mostKept = 1024
  /// Room beyond what nearly all things reach.
  static let room = 1.06
  /// Of things known to belong the share that a window holds whole.
  static let held = 0.98
  /// How much less long a window is than wide, and the other way round: what is stretched further is no picture of the thing.
  static let mostStretched = 2.0

  /// Tells alignments apart that align otherwise.
  package var fingerprint: String {
    "\(halfWidth) \(halfHeight) \(channels) \(reach) \(template.map { "\($0.steps)" } ?? "") \(window.steps)"
  }

  /// What is said of an image in which no thing is found.
  static let nothingFound = "nothing stands out from a plain ground: its middle is looked at, as it lies"

  /// Where a thing lies.
  package struct Pose: Sendable {
    /// In shares of the image's width and height.
    let x: Double
    let y: Double
    /// In radians, downwards from the right.
    let angle: Double
  }

  init(
    halfWidth: Double, halfHeight: Double, channels: Int, reach: Double, template: PolarView?,
    window: WindowView
  ) {
    (self.halfWidth, self.halfHeight, self.channels) = (halfWidth, halfHeight, channels)
    (self.reach, self.template, self.window) = (reach, template, window)
  }

  // MARK: Aligning

  /// Where an image's thing lies; nil where it shows none.
  package func pose(in image: Bitmap) -> Pose? {
    guard let found = Found(in: image.converted(toChannels: channels)) else { return nil }
    let lie = lie(of: found)
    return Pose(
      x: lie.x / Double(found.thing.width), y: lie.y / Double(found.thing.height), angle: lie.angle)
  }

  /// In pixels of the image that the thing was found in: turned as its view says, moved as its window says, and once more from there.
  private func lie(of found: Found) -> WindowView.Lie {
    var lie = WindowView.Lie(x: found.thing.middle.x, y: found.thing.middle.y, angle: 0)
    for _ in 0..<2 {
      if let template {
        let view = PolarView(found.thing, from: (lie.x, lie.y), reach: reach * found.longer)
        lie.angle = view.turn(from: template).angle
      }
      lie = found.moved(lie, to: window, half: (halfWidth, halfHeight))
    }
    return lie
  }

  /// The window around the thing of an image, and whether there is one: else the window lies in the image's middle, unturned.
  ///
  /// - Parameters:
  ///   - image: upright and whole, of any size.
  ///   - shape: of the result. The window is stretched to it.
  public func aligned(_ image: Bitmap, to shape: ImageShape) -> (image: Bitmap, isFound: Bool) {
    let pose = pose(in: image)
    return (window(of: image, at: pose, shape), pose != nil)
  }

  /// Which pixels of a window are the thing's; nil where the image shows none.
  package func mask(of image: Bitmap, at pose: Pose, _ shape: ImageShape) -> [Bool]? {
    guard let found = Found(in: image.converted(toChannels: channels)) else { return nil }
    let thing = found.thing
    var mask = Bitmap(width: thing.width, height: thing.height, channels: 1, filledWith: 0)
    for place in thing.places { mask.pixels[place] = 255 }
    let window = window(of: mask, at: pose, ImageShape(height: shape.height, width: shape.width, channels: 1))
    return window.pixels.map { $0 >= 128 }
  }

  /// The window of an image at a pose, nil for the middle. What lies beyond the image's edge is as its edge is.
  package func window(of image: Bitmap, at pose: Pose?, _ shape: ImageShape) -> Bitmap {
    let pose = pose ?? Self.unfound
    let source = image.converted(toChannels: shape.channels)
    let longer = Double(max(image.width, image.height))
    let (x, y) = (pose.x * Double(image.width), pose.y * Double(image.height))
    let (c, s) = (cos(pose.angle), sin(pose.angle))
    // Pixels of the image under one of the window's, along and across.
    let along = 2 * halfWidth * longer / Double(shape.width)
    let across = 2 * halfHeight * longer / Double(shape.height)
    // Each of the window's pixels is the mean of so many places in it, about a pixel of the image apart.
    let (columns, rows) = (max(1, Int(along.rounded(.up))), max(1, Int(across.rounded(.up))))
    var result = Bitmap(width: shape.width, height: shape.height, channels: shape.channels, filledWith: 0)
    var sums = [Float](repeating: 0, count: shape.channels)
    for row in 0..<shape.height {
      for column in 0..<shape.width {
        for k in sums.indices { sums[k] = 0 }
        for i in 0..<rows {
          let v = (Double(row) + (Double(i) + 0.5) / Double(rows) - Double(shape.height) / 2) * across
          for j in 0..<columns {
            let u = (Double(column) + (Double(j) + 0.5) / Double(columns) - Double(shape.width) / 2) * along
            source.add(at: x + u * c - v * s, y + u * s + v * c, to: &sums)
          }
        }
        let place = (row * shape.width + column) * shape.channels
        for k in sums.indices {
          result.pixels[place + k] = UInt8(min(max((sums[k] / Float(rows * columns)).rounded(), 0), 255))
        }
      }
    }
    return result
  }

  /// An image with a window of it changed: at each pixel that the window covers, by as much as there.
  ///
  /// - Parameters:
  ///   - window: of the image's channels, at a pose.
  ///   - other: the same after the change.
  package func changed(_ image: Bitmap, at pose: Pose, from window: Bitmap, to other: Bitmap) -> Bitmap {
    let places = places(in: image, at: pose, window.shape)
    var result = image
    var sums = [Float](repeating: 0, count: image.channels)
    for row in 0..<image.height {
      for column in 0..<image.width {
        let (u, v) = places(column, row)
        guard u >= 0, v >= 0, u < Double(window.width), v < Double(window.height) else { continue }
        let place = (row * image.width + column) * image.channels
        for k in sums.indices { sums[k] = Float(image.pixels[place + k]) }
        other.add(at: u, v, to: &sums)
        window.add(at: u, v, times: -1, to: &sums)
        for k in sums.indices { result.pixels[place + k] = UInt8(min(max(sums[k].rounded(), 0), 255)) }
      }
    }
    return result
  }

  /// The longest side that is wanted of an image to take a window of a shape from it.
  func side(for shape: ImageShape) -> Int {
    let wanted = 1.5 * max(Double(shape.width) / (2 * halfWidth), Double(shape.height) / (2 * halfHeight))
    return Int(min(max(wanted, Double(Self.searched)), Double(Self.mostKept)))
  }

  /// A map of a window laid back over the image that it is of: 0 where the window does not reach.
  ///
  /// - Parameters:
  ///   - values: `[height, width]` of the window.
  ///   - image: whole, of any size.
  /// - Returns: `[height, width]` of the image.
  package func laidBack(_ values: [Double], _ window: ImageShape, over image: Bitmap) -> [Double] {
    let places = places(in: image, at: pose(in: image) ?? Self.unfound, window)
    return (0..<image.width * image.height).map { place in
      let (u, v) = places(place % image.width, place / image.width)
      let (column, row) = (Int(u.rounded(.down)), Int(v.rounded(.down)))
      guard column >= 0, row >= 0, column < window.width, row < window.height else { return 0 }
      return values[row * window.width + column]
    }
  }

  /// Of the middle of each of an image's pixels, given by column and row, where it lies in a window at a pose, in the window's pixels.
  private func places(
    in image: Bitmap, at pose: Pose, _ window: ImageShape
  ) -> (_ column: Int, _ row: Int) -> (x: Double, y: Double) {
    let longer = Double(max(image.width, image.height))
    let (x, y) = (pose.x * Double(image.width), pose.y * Double(image.height))
    let (c, s) = (cos(pose.angle), sin(pose.angle))
    let along = Double(window.width) / (2 * halfWidth * longer)
    let across = Double(window.height) / (2 * halfHeight * longer)
    return { column, row in
      let (dx, dy) = (Double(column) + 0.5 - x, Double(row) + 0.5 - y)
      return (
        (dx * c + dy * s) * along + Double(window.width) / 2,
        (dy * c - dx * s) * across + Double(window.height) / 2
      )
    }
  }

  /// Where the window lies in an image in which no thing is found.
  private static let unfound = Pose(x: 0.5, y: 0.5, angle: 0)
}

extension Alignment: Codable {
  private enum Key: String, CodingKey { case halfWidth, halfHeight, channels, reach, template, window }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    func share(_ key: Key) throws -> Double {
      let value = try fields.decode(Double.self, forKey: key)
      // Half of a window is at most twice as long as an image's longest line.
      guard value > 0.001, value < 3 else {
        throw DecodingError.dataCorruptedError(forKey: key, in: fields, debugDescription: "\(value) is none")
      }
      return value
    }
    let channels = try fields.decode(Int.self, forKey: .channels)
    guard [1, 3].contains(channels) else {
      throw DecodingError.dataCorruptedError(forKey: .channels, in: fields, debugDescription: "\(channels)")
    }
    var template: PolarView?
    if let bytes = try fields.decodeIfPresent(Data.self, forKey: .template) {
      template = PolarView(steps: bytes.map { Int8(bitPattern: $0) })
      guard template?.channels == channels else {
        throw DecodingError.dataCorruptedError(
          forKey: .template, in: fields, debugDescription: "\(bytes.count) bytes are no view")
      }
    }
    let bytes = try fields.decode(Data.self, forKey: .window)
    guard let window = WindowView(steps: bytes.map { Int8(bitPattern: $0) }), window.channels == channels
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .window, in: fields, debugDescription: "\(bytes.count) bytes are no window")
    }
    self.init(
      halfWidth: try share(.halfWidth), halfHeight: try share(.halfHeight), channels: channels,
      reach: try share(.reach), template: template, window: window)
  }

  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Key.self)
    try fields.encode(halfWidth, forKey: .halfWidth)
    try fields.encode(halfHeight, forKey: .halfHeight)
    try fields.encode(channels, forKey: .channels)
    try fields.encode(reach, forKey: .reach)
    try fields.encodeIfPresent(
      template.map { Data($0.steps.map { UInt8(bitPattern: $0) }) }, forKey: .template)
    try fields.encode(Data(window.steps.map { UInt8(bitPattern: $0) }), forKey: .window)
  }
}

extension Bitmap {
  /// Shrunk so that its longer side is no longer than a side; itself where it is not.
  package func fitted(within side: Int) -> Bitmap {
    let (width, height) = Self.fitted(width, height, within: side)
    return resampled(width: width, height: height)
  }

  /// A size shrunk in proportion.
  static func fitted(_ width: Int, _ height: Int, within side: Int) -> (width: Int, height: Int) {
    let scale = min(1, Double(side) / Double(max(width, height)))
    return (
      max(1, Int((Double(width) * scale).rounded())), max(1, Int((Double(height) * scale).rounded()))
    )
  }

  /// Adds the values at a place between pixels, whose middles are at halves; beyond the edge the edge's.
  fileprivate func add(at x: Double, _ y: Double, times factor: Float = 1, to sums: inout [Float]) {
    let (left, top) = ((x - 0.5).rounded(.down), (y - 0.5).rounded(.down))
    let (u, v) = (Float(x - 0.5 - left), Float(y - 0.5 - top))
    func clamped(_ value: Double, _ size: Int) -> Int { Int(min(max(value, 0), Double(size - 1))) }
    let (i, j) = (clamped(left, width), clamped(top, height))
    let (k, l) = (clamped(left + 1, width), clamped(top + 1, height))
    for c in 0..<channels {
      let first = Float(pixels[(j * width + i) * channels + c])
      let second = Float(pixels[(j * width + k) * channels + c])
      let third = Float(pixels[(l * width + i) * channels + c])
      let fourth = Float(pixels[(l * width + k) * channels + c])
      sums[c] += factor * ((1 - v) * ((1 - u) * first + u * second) + v * ((1 - u) * third + u * fourth))
    }
  }
}
