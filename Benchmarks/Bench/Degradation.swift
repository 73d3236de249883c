import Foundation
import Images
import Tensors

/// Ways to spoil an image that belongs.
enum Degradation: String, CaseIterable {
  case noise, blur, contrast, rotation, dropped, rolled, jpeg, patches, mirrored

  var words: String {
    switch self {
    case .noise: "noise of 10 grey levels"
    case .blur: "blur 3x3"
    case .contrast: "contrast 0.6"
    case .rotation: "turned by 15 degrees"
    case .dropped: "10 % pixels dropped"
    case .rolled: "rolled by half a width"
    case .jpeg: "JPEG quality 10"
    case .patches: "quarters shuffled"
    case .mirrored: "upside down"
    }
  }

  /// The image spoiled; the same for the same seed.
  func callAsFunction(_ image: Bitmap, seed: UInt64) throws -> Bitmap {
    var random = RandomSource(seed: seed, stream: 0x4445_4752)
    var result = image
    let (w, h, c) = (image.width, image.height, image.channels)
    func each(_ value: (_ y: Int, _ x: Int, _ k: Int) -> Double) {
      for y in 0..<h {
        for x in 0..<w {
          for k in 0..<c {
            result.pixels[(y * w + x) * c + k] = UInt8(min(max(value(y, x, k).rounded(), 0), 255))
          }
        }
      }
    }
    func at(_ y: Int, _ x: Int, _ k: Int) -> Double {
      Double(image.pixels[(min(max(y, 0), h - 1) * w + min(max(x, 0), w - 1)) * c + k])
    }
    switch self {
    case .noise:
      let noise = random.normal(image.pixels.count)
      each { at($0, $1, $2) + 10 * Double(noise[($0 * w + $1) * c + $2]) }
    case .blur:
      let kernel = [0.25, 0.5, 0.25]
      each { y, x, k in
        (0..<3).reduce(0) { sum, i in
          sum + (0..<3).reduce(0) { $0 + kernel[i] * kernel[$1] * at(y + i - 1, x + $1 - 1, k) }
        }
      }
    case .contrast:
      let mean = image.pixels.reduce(0) { $0 + Double($1) } / Double(image.pixels.count)
      each { mean + 0.6 * (at($0, $1, $2) - mean) }
    case .rotation:
      let (sine, cosine) = (sin(Double.pi / 12), cos(Double.pi / 12))
      let (cy, cx) = (Double(h - 1) / 2, Double(w - 1) / 2)
      each { y, x, k in
        let (dy, dx) = (Double(y) - cy, Double(x) - cx)
        let (sy, sx) = (cy + cosine * dy - sine * dx, cx + sine * dy + cosine * dx)
        let (y0, x0) = (sy.rounded(.down), sx.rounded(.down))
        let (fy, fx) = (sy - y0, sx - x0)
        let (iy, ix) = (Int(y0), Int(x0))
        let top = (1 - fx) * at(iy, ix, k) + fx * at(iy, ix + 1, k)
        let bottom = (1 - fx) * at(iy + 1, ix, k) + fx * at(iy + 1, ix + 1, k)
        return (1 - fy) * top + fy * bottom
      }
    case .dropped:
      let keep = (0..<h * w).map { _ in random.uniform() >= 0.1 }
      each { keep[$0 * w + $1] ? at($0, $1, $2) : 0 }
    case .rolled: each { at($0, ($1 + w / 2) % w, $2) }
    case .jpeg:
      return try ImageDecoder().decode(
        image.jpeg(quality: 10), to: .init(height: h, width: w, channels: c)
      ).bitmap
    case .patches:
      var order = [0, 1, 2, 3]
      repeat { order.shuffle(using: &random) } while order == [0, 1, 2, 3]
      each { y, x, k in
        let from = order[2 * (y / (h / 2)) + x / (w / 2)]
        return at(y % (h / 2) + from / 2 * (h / 2), x % (w / 2) + from % 2 * (w / 2), k)
      }
    case .mirrored: each { at(h - 1 - $0, $1, $2) }
    }
    return result
  }
}
