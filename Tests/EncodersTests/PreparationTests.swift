import Images
import Testing

@testable import Encoders

@Suite struct PreparationTests {
  private static let pixels: [UInt8] = (0..<24).map { UInt8($0 * 10) }
  private static let shape = ImageShape(height: 2, width: 4, channels: 3)

  private func settings(_ change: (inout EncoderSettings) -> Void = { _ in }) -> EncoderSettings {
    var settings = EncoderSettings()
    (settings.width, settings.height) = (8, 8)
    change(&settings)
    return settings
  }

  private func prepared(_ preparation: Preparation, _ pixels: [UInt8]) -> [Float] {
    [Float](unsafeUninitializedCapacity: pixels.count) { buffer, count in
      preparation.prepare(pixels[...], into: buffer.baseAddress!)
      count = pixels.count
    }
  }

  @Test(
    "Every value is where layout and order put it, and what mean, deviation and scale make of its pixel",
    arguments: EncoderSettings.Layout.allCases, EncoderSettings.Order.allCases)
  func law(layout: EncoderSettings.Layout, order: EncoderSettings.Order) throws {
    let (mean, deviation, scale) = ([10.0, 20, 30], [2.0, 4, 5], 255.0)
    let preparation = try Preparation(
      settings {
        ($0.layout, $0.order) = (layout, order)
        ($0.mean, $0.deviation, $0.scale) = (mean, deviation, scale)
      }, input: [], path: "x")
    let pixels = (0..<8 * 8 * 3).map { UInt8(($0 * 37) % 256) }
    let values = prepared(preparation, pixels)
    for place in 0..<64 {
      for channel in 0..<3 {
        let colour = order == .rgb ? channel : 2 - channel
        let wanted = (Double(pixels[place * 3 + colour]) - mean[colour]) / deviation[colour]
        let value = layout == .nchw ? values[channel * 64 + place] : values[place * 3 + channel]
        #expect(abs(Double(value) - wanted) < 1e-4)
      }
    }
    #expect(preparation.dimensions == (layout == .nchw ? [1, 3, 8, 8] : [1, 8, 8, 3]))
  }

  @Test("Where nothing is said, white and black are what ImageNet's mean and deviation make of them")
  func defaults() throws {
    let preparation = try Preparation(EncoderSettings(), input: [1, 3, -1, -1], path: "x")
    #expect(preparation.shape == ImageShape(height: 224, width: 224, channels: 3))
    let values = prepared(preparation, [UInt8](repeating: 255, count: preparation.shape.count))
    #expect(abs(values[0] - Float((1 - 0.485) / 0.229)) < 1e-5)
    #expect(abs(values[values.count - 1] - Float((1 - 0.406) / 0.225)) < 1e-5)
  }

  @Test("Size, channels and layout are the encoder's own where it has them")
  func ownInput() throws {
    let last = try Preparation(EncoderSettings(), input: [-1, 96, 64, 1], path: "x")
    #expect(last.shape == ImageShape(height: 96, width: 64, channels: 1))
    #expect(last.layout == .nhwc)
    #expect(last.factors.count == 1)
    let first = try Preparation(settings(), input: [1, 3, 32, 32], path: "x")
    #expect(first.shape.width == 8, "what is given wins")
  }

  @Test("Settings that do not go together are refused with a sentence")
  func refusals() throws {
    func reason(_ settings: EncoderSettings, _ input: [Int]) -> String {
      do {
        _ = try Preparation(settings, input: input, path: "x.onnx")
        return ""
      } catch { return error.description }
    }
    #expect(reason(EncoderSettings(), [1, 3, 8]).contains("3 dimensions"))
    #expect(reason(EncoderSettings(), [1, 7, 8, 8]).contains("7 channels"))
    #expect(reason(settings { $0.mean = [1, 2] }, []).contains("mean"))
    #expect(reason(settings { $0.deviation = [0, 1, 1] }, []).contains("deviation"))
    #expect(reason(settings { $0.resampling = "cubic" }, []).contains("area"))
    #expect(reason(settings { $0.width = 4 }, []).contains("width 4"))
  }
}
