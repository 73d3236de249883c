import Foundation

/// A way of damaging a part of an image, of the image itself and at most one other: what a network learns to find that is to
/// find damage which nobody has seen yet.
///
/// How strong and how large, and where, is drawn. Strength is in units of the image's own texture, so that damage is to be told from what
/// the image shows anyway. All channels share shape and strength.
package enum Damage: String, CaseIterable, Sendable {
  /// Of another image, from anywhere.
  case pasted
  /// The texture of another on the image's own light.
  case blended
  /// Of the image itself, from elsewhere.
  case shifted
  /// The image's own texture turned.
  case turned
  case scratch
  case crack
  case spot
  case light
  case dimmed
  case blurred
  case noise
  case contrast
  case smeared
  /// Its texture finer or coarser.
  case zoomed

  /// Shares of images that one round after another hits: one may be hit thrice, or not at all.
  static let rounds: [Float] = [0.9, 0.6, 0.3]

  /// Pixels along a side of a place.
  package static let side = 8

  /// Sizes that can be damaged, and looked at for damage: whole places, from 16 pixels a side to 256.
  package static func takes(_ shape: ImageShape) -> Bool {
    [shape.height, shape.width].allSatisfy { (16...256).contains($0) && $0 % side == 0 }
  }

  /// An image damaged in some rounds, and by how much at each place.
  ///
  /// - Parameters:
  ///   - image: a plane a channel, on the scale -1...1.
  ///   - other: another such image, asked for when one is needed.
  ///   - kinds: to draw from, at least one.
  /// - Returns: the image, within -1...1, and its labels (`labels`).
  package static func hit<Random: RandomNumberGenerator>(
    _ image: [Plane], kinds: [Damage] = allCases, random: inout Random, other: (inout Random) -> [Plane]
  ) -> (image: [Plane], labels: Plane) {
    var result = image
    for share in rounds where Float.random(in: 0..<1, using: &random) < share {
      let kind = kinds[Int.random(in: 0..<kinds.count, using: &random)]
      result = kind(result, other: other(&random), random: &random)
    }
    return (result, labels(result, of: image))
  }

  /// How far each place of 8x8 pixels is damaged, 0...1: 0 where changes are below 0.7 of the texture, 1 where a quarter of the pixels are
  /// changed by 1.7 of it.
  static func labels(_ damaged: [Plane], of image: [Plane]) -> Plane {
    guard damaged != image else {
      return Plane(height: image[0].height / side, width: image[0].width / side) { _, _ in 0 }
    }
    let texture = Strength(image).texture
    let share = 1 / Float(image.count)
    var change = Plane(height: image[0].height, width: image[0].width) { _, _ in 0 }
    for (a, b) in zip(damaged, image) {
      for i in change.values.indices { change.values[i] += abs(a.values[i] - b.values[i]) * share }
    }
    return change.blurred(0.7).map { min(max($0 / texture - 0.7, 0), 1) }.shrunk(side).map { min(4 * $0, 1) }
  }

  /// How far an image's values spread, and how far they do within places.
  struct Strength {
    let deviation: Float
    let texture: Float

    init(_ image: [Plane]) {
      let sigma = image[0].scale * 0.025
      func deviation(_ planes: [Plane]) -> Float {
        (planes.reduce(0) { $0 + $1.variance } / Float(planes.count)).squareRoot()
      }
      // Five grey levels and one and a half: flat images have no texture to go by.
      self.deviation = max(deviation(image), 0.03)
      texture = max(deviation(image.map { $0 - $0.blurred(sigma) }), 0.012)
    }
  }

  /// - Parameters:
  ///   - image: a plane a channel, on the scale -1...1.
  ///   - other: of the same shape.
  package func callAsFunction(
    _ image: [Plane], other: [Plane], random: inout some RandomNumberGenerator
  ) -> [Plane] {
    let size = image[0]
    let (h, w, scale) = (size.height, size.width, size.scale)
    let strength = Strength(image)
    let unit = strength.texture * pow(max(strength.deviation / strength.texture, 1), random.uniform(0, 0.6))
    let amount = (random.happens(0.6) ? -1 : 1) * unit * random.logUniform(1.5, 8)
    func anywhere(_ size: Plane) -> Plane {
      random.happens(0.15) ? size.broad(&random) : size.spot(area: 0.001, 0.06, &random)
    }
    /// The image and what is to be in its place where the mask is 1.
    func laid(_ mask: Plane, share: Float = 1, _ other: (Plane, Int) -> Plane) -> [Plane] {
      image.enumerated().map { channel, plane in
        var result = plane
        let over = other(plane, channel)
        for i in result.values.indices {
          let value = plane.values[i] + share * mask.values[i] * (over.values[i] - plane.values[i])
          result.values[i] = min(max(value, -1), 1)
        }
        return result
      }
    }
    /// Lighter by so much where the mask is 1.
    func lit(_ mask: Plane, _ amount: Float) -> [Plane] {
      laid(mask) { plane, _ in plane.map { $0 + amount } }
    }
    switch self {
    case .pasted:
      let mask = anywhere(size)
      let (rows, columns) = random.place(h, w)
      return laid(mask, share: random.uniform(0.4, 1)) { other[$1].rolled(rows: rows, columns: columns) }
    case .blended:
      let mask = anywhere(size)
      let (rows, columns) = random.place(h, w)
      let gain = random.logUniform(0.7, 1.8)
      return laid(mask) { plane, channel in
        let moved = other[channel].rolled(rows: rows, columns: columns)
        return (moved - moved.blurred(0.05 * scale)) * gain + plane.blurred(0.05 * scale)
      }
    case .shifted:
      let mask = anywhere(size)
      let rows = Int.random(in: h / 10..<h - h / 10, using: &random)
      let columns = Int.random(in: w / 10..<w - w / 10, using: &random)
      return laid(mask) { plane, _ in plane.rolled(rows: rows, columns: columns) }
    case .turned:
      let mask = anywhere(size)
      let isHalf = random.happens(0.5) || h != w
      return laid(mask) { plane, _ in
        let turned = isHalf ? plane.turnedHalf : plane.transposed
        return turned - turned.blurred(0.08 * scale) + plane.blurred(0.08 * scale)
      }
    case .scratch: return lit(size.line(width: 0.4, 1.6, length: 0.08, 0.7, bend: 0.3, &random), amount)
    case .crack: return lit(size.line(width: 0.4, 1.2, length: 0.15, 0.8, bend: 1.6, &random), -abs(amount))
    case .spot: return lit(size.spot(area: 0.0004, 0.012, &random), amount)
    case .light:
      let soft = size.spot(area: 0.01, 0.15, &random).blurred(0.05 * scale)
      return lit(soft * (1 / max(soft.values.max() ?? 0, 0.05)), 0.7 * amount)
    case .dimmed: return lit(anywhere(size), 0.5 * amount)
    case .blurred:
      let mask = anywhere(size)
      let sigma: Float = random.happens(0.5) ? 1 : 2.4
      return laid(mask) { plane, _ in plane.blurred(sigma) }
    case .noise:
      let mask = anywhere(size)
      let grains: [Float] = [0, 1.2, 3]
      let noise = size.noise(sigma: grains[Int.random(in: 0..<3, using: &random)], &random)
      return laid(mask) { plane, _ in plane + noise * (0.6 * abs(amount)) }
    case .contrast:
      let mask = anywhere(size)
      let gain = random.happens(0.4) ? random.uniform(-0.9, -0.4) : random.uniform(0.5, 2.5)
      return laid(mask) { plane, _ in plane + (plane - plane.blurred(0.05 * scale)) * gain }
    case .smeared:
      let mask = anywhere(size)
      let reach = Int.random(in: 3...7, using: &random)
      let isDown = random.happens(0.5)
      return laid(mask) { plane, _ in
        isDown ? plane.smeared(reach) : plane.transposed.smeared(reach).transposed
      }
    case .zoomed:
      let mask = anywhere(size)
      let factor = random.happens(0.5) ? random.uniform(0.35, 0.7) : random.uniform(1.4, 2.2)
      let (down, across) = (random.uniform(-0.2, 0.2), random.uniform(-0.2, 0.2))
      return laid(mask) { plane, _ in
        let seen = plane.sampled(scale: factor, down: down, across: across)
        return seen - seen.blurred(0.05 * scale) + plane.blurred(0.05 * scale)
      }
    }
  }
}

extension RandomNumberGenerator {
  mutating func uniform(_ low: Float, _ high: Float) -> Float {
    Float.random(in: low..<high, using: &self)
  }

  /// Of a logarithm that is uniform.
  mutating func logUniform(_ low: Float, _ high: Float) -> Float {
    exp(uniform(log(low), log(high)))
  }

  mutating func happens(_ probability: Float) -> Bool { uniform(0, 1) < probability }

  fileprivate mutating func place(_ h: Int, _ w: Int) -> (Int, Int) {
    (Int.random(in: 0..<h, using: &self), Int.random(in: 0..<w, using: &self))
  }

  /// Of mean 0 and variance 1, nearly normal: the sum of four of 16 bits.
  fileprivate mutating func nearlyNormal() -> Float {
    let bits = next()
    let sum = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48)
    return (Float(sum) / 65536 - 2) * Float(3).squareRoot()
  }
}

/// A line through a plane and along it: what shapes are drawn by, in shares of the shorter side.
private struct Frame {
  let x: Float
  let y: Float
  let cosine: Float
  let sine: Float
  let scale: Float

  /// - Parameter margin: share of the sides where it does not lie.
  init(_ plane: Plane, margin: Float, _ random: inout some RandomNumberGenerator) {
    scale = plane.scale
    y = random.uniform(margin, 1 - margin) * Float(plane.height) / scale
    x = random.uniform(margin, 1 - margin) * Float(plane.width) / scale
    let angle = random.uniform(0, 2 * .pi)
    (cosine, sine) = (cos(angle), sin(angle))
  }

  /// A pixel's centre, along and across.
  func place(_ row: Int, _ column: Int) -> (u: Float, v: Float) {
    let (dx, dy) = ((Float(column) + 0.5) / scale - x, (Float(row) + 0.5) / scale - y)
    return (dx * cosine + dy * sine, dy * cosine - dx * sine)
  }
}

private func sigmoid(_ x: Float) -> Float { 1 / (1 + exp(-x)) }

// Shapes of a plane's size: 1 within, 0 without, softly between.
extension Plane {
  /// What lengths are measured by: the shorter side.
  var scale: Float { Float(min(height, width)) }

  /// Of mean 0 and deviation 1, smooth over `sigma` pixels.
  fileprivate func noise(sigma: Float, _ random: inout some RandomNumberGenerator) -> Plane {
    let factor = Plane.coarseness(sigma, height: height, width: width)
    let coarse = Plane(height: height / factor, width: width / factor) { _, _ in random.nearlyNormal() }
    guard sigma > 0 else { return coarse }
    let smooth = factor > 1 ? coarse.coarselyBlurred(sigma, factor) : coarse.blurred(sigma)
    let (mean, deviation) = (smooth.mean, max(smooth.variance.squareRoot(), 1e-6))
    return smooth.map { ($0 - mean) / deviation }
  }

  /// An ellipse, a rectangle or an uneven blob of some share of the image.
  fileprivate func spot(area low: Float, _ high: Float, _ random: inout some RandomNumberGenerator) -> Plane {
    let frame = Frame(self, margin: 0.03, &random)
    let area = random.logUniform(low, high) * Float(height * width) / (scale * scale)
    let aspect = random.logUniform(0.3, 3.3)
    let (a, b) = (0.55 * (area * aspect).squareRoot(), 0.55 * (area / aspect).squareRoot())
    let soft = min(random.logUniform(0.4 / scale, 6 / scale), 0.5 * min(a, b))
    let sharpness = 2 * min(a, b) / soft
    let kind = Int.random(in: 0..<3, using: &random)
    let unevenness = kind == 2 ? noise(sigma: 0.05 * scale, &random) * random.uniform(0, 0.35) : self
    return Plane(height: height, width: width) { y, x in
      let (u, v) = frame.place(y, x)
      let (p, q) = (u / a, v / b)
      let inside: Float
      switch kind {
      case 0: inside = 1 - (p * p + q * q).squareRoot()
      case 1: inside = 1 - max(abs(p), abs(q))
      default:
        let wave = unevenness.values[y * width + x]
        inside = 1 - (p * p + q * q).squareRoot() * (1 + wave) - 0.5 * wave
      }
      return sigmoid(inside * sharpness)
    }
  }

  /// Where smooth noise is high, or one side of a line.
  fileprivate func broad(_ random: inout some RandomNumberGenerator) -> Plane {
    guard random.happens(0.75) else {
      let frame = Frame(self, margin: 0.15, &random)
      let wave = noise(sigma: 0.08 * scale, &random)
      let softness = random.logUniform(0.01, 0.12)
      return Plane(height: height, width: width) { y, x in
        sigmoid((frame.place(y, x).u + 0.04 * wave.values[y * width + x]) / softness)
      }
    }
    let wave = noise(sigma: 0.09 * scale, &random) + noise(sigma: 0.04 * scale, &random) * 0.4
    let (least, sharpness) = (random.uniform(0.5, 1.8), random.logUniform(1.5, 10))
    return wave.map { sigmoid(($0 - least) * sharpness) }
  }

  /// A bent line with gaps.
  /// - Parameters:
  ///   - width: half of it, in pixels where the side has up to 128; wider ones are wider in larger images.
  ///   - length: shares of the side.
  fileprivate func line(
    width thin: Float, _ thick: Float, length short: Float, _ long: Float, bend: Float,
    _ random: inout some RandomNumberGenerator
  ) -> Plane {
    let frame = Frame(self, margin: 0.1, &random)
    let wave = noise(sigma: 0.08 * scale, &random) * 0.03 + noise(sigma: 0.03 * scale, &random) * 0.008
    let (waviness, curvature) = (random.uniform(0, bend), random.uniform(-0.8, 0.8) * bend)
    let half = random.logUniform(thin / scale, thick * max(1, scale / 128) / scale)
    let length = random.logUniform(short, long)
    let density = noise(sigma: 0.05 * scale, &random)
    let least = random.uniform(0.5, 3)
    return Plane(height: height, width: width) { y, x in
      let (u, v) = frame.place(y, x)
      let i = y * width + x
      let across = abs(v - wave.values[i] * waviness - curvature * u * u)
      let edge = sigmoid((half - across) * scale / 0.35)
      let end = sigmoid((length / 2 - abs(u)) * scale / 1.2)
      return edge * end * sigmoid((density.values[i] + least) * 3)
    }
  }

  /// Mean over so many rows on each side, around the edge.
  fileprivate func smeared(_ reach: Int) -> Plane {
    let share = 1 / Float(2 * reach + 1)
    var result = Plane(height: height, width: width) { _, _ in 0 }
    values.withUnsafeBufferPointer { source in
      result.values.withUnsafeMutableBufferPointer { target in
        for y in 0..<height {
          for step in -reach...reach {
            let from = (y + step + height) % height * width
            for x in 0..<width { target[y * width + x] += share * source[from + x] }
          }
        }
      }
    }
    return result
  }
}
