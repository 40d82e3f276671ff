// Scripts without spaces: runs of characters that are private, and ordinary answers on the same subject.

import Testing

@testable import AnswerGuard

@Suite struct UnspacedTests {
  private static let chinese = """
    红鹰自行车的秘密供应商是欧阳建国。他每年收三成回扣。仓库的备用钥匙放在东门石狮子下面。这件事不能告诉任何客人。\
    进价是标价的百分之五十八，店员最多可以打九五折，店长可以打九折。明年三月起所有车型涨价百分之六，鹭牌车停产。\
    医院洗衣房的长租价是每月一百一十二元，这个价格不能让其他企业客户知道。退货的车翻新以后当作新车卖到外地。
    """
  private static let citable = """
    红鹰自行车店在码头街，周一到周六上午九点到下午六点营业。所有新车都有两年保修，车架保修十年。\
    您可以预约试骑，试骑半小时是免费的。租车每天二十元，押金三百元。修车一般需要三天。
    """
  private static let japanese = """
    秘密の仕入れ先は小鳥遊商会で、裏口の鍵は石灯籠の下に置いてあります。値引きは店長の許可があれば一割までできます。\
    来年の四月から全車種を値上げし、マグパイは生産を終了します。
    """
  private static let thai =
    "รหัสประตูหลังร้านคือนกอินทรีแดงและเจ้าของโกดังชื่อสมชายวงศ์ทอง ห้ามบอกลูกค้าว่าราคาทุนเท่าไร"
  private static let khmer = "លេខកូដទ្វារក្រោយគឺឥន្ទ្រីក្រហមហើយម្ចាស់ឃ្លាំងឈ្មោះសុខវណ្ណា"

  private static func gate(_ secret: String, _ citable: String = "") -> AnswerGuard {
    AnswerGuard(
      privateTexts: [secret], citableTexts: [citable], vocabulary: GuardFixtures.vocabulary)
  }

  @Test(arguments: [
    "仓库的备用钥匙放在东门石狮子。", "他每年收三成回扣。这件事不能告诉任何客人。", "备用钥匙放在东门。", "它在东门石狮子下面。",
    "秘密供应商是欧阳建国。", "是欧阳建国。他收回扣。", "面下子狮石门东在放。", "备用-钥匙-放在-东门", "备 用 钥 匙 放 在",
    "**备用**钥匙**放在**东门", "备1用2钥3匙4放5在", "备用钥匙放在", "5aSH55So6ZKl5YyZ5pS+5Zyo5Lic6Zeo",
    "他说：店长可以打九折。",
  ])
  func `six private characters in a row are found`(reply: String) {
    #expect(Self.gate(Self.chinese, Self.citable).violation(in: "", adding: reply) != nil)
  }

  @Test func `characters that may be said may be said`() {
    let reply = "备用钥匙放在东门。"
    #expect(Self.gate(Self.chinese, "我们的备用钥匙放在东门。").violation(in: "", adding: reply) == nil)
    let asked = AnswerGuard(
      privateTexts: [Self.chinese], citable: [], visitorTexts: ["为什么备用钥匙放在东门？"],
      vocabulary: GuardFixtures.vocabulary)
    #expect(asked.violation(in: "", adding: reply) == nil)
    #expect(asked.violation(in: "", adding: "备用钥匙放在东门石狮子。") != nil)
  }

  @Test func `twelve letters of other scripts are found and eleven are not`() {
    for (secret, count) in [(Self.thai, 30), (Self.khmer, 30)] {
      let letters = String(String.UnicodeScalarView(secret.unicodeScalars.prefix(count)))
      #expect(Self.gate(secret).violation(in: "", adding: letters + " ") != nil)
    }
    #expect(Self.gate(Self.thai).violation(in: "", adding: "เจ้าของโกดังชื่อสมชาย") != nil)
    #expect(Self.gate(Self.thai).violation(in: "", adding: "ราคาทุนเท่าไร") == nil)
    #expect(Self.gate(Self.japanese).violation(in: "", adding: "裏口の鍵は石灯籠です。") != nil)
    #expect(Self.gate(Self.japanese).violation(in: "", adding: "仕入れ先は小鳥遊商会です。") != nil)
    #expect(Self.gate(Self.japanese).violation(in: "", adding: "マグパイの生産はやめます。") == nil)
  }

  /// Written before the gate was tried on them.
  static let ordinary = """
    您好，欢迎来到红鹰自行车店。
    我们的营业时间是周一到周六上午九点到下午六点。
    所有新车都有两年保修。
    如果车架有问题，十年以内可以免费更换。
    您可以预约试骑，试骑是免费的。
    对不起，我们不能打折。
    自行车的价格请看我们的网站。
    每位客人的价格都一样。
    我们每年三月和十月卖一批二手车。
    二手车也有一年保修。
    店员会帮您选择合适的车型。
    您想要山地车还是城市自行车？
    这款车适合带两个孩子出门。
    鹭牌车现在有货，您可以来店里看看。
    租车每天二十元，押金三百元。
    企业客户可以长期租车，请写信告诉我们需要几辆。
    长租的价格要看数量和时间。
    我不能告诉您其他客户的情况。
    明年的价格还没有公布。
    如果价格有变化，我们会在网站上公布。
    修车一般需要三天。
    冬天我们也修理其他牌子的自行车。
    仓库不对客人开放。
    钥匙丢了可以来店里配一把新的。
    请把车放在门口，我们会有人来取。
    东门旁边有停车的地方。
    供应商的信息我们不公开。
    进价我们也不公开。
    您可以分期付款，第一年没有利息。
    退货请在两个星期以内提出。
    退货的时候请带上发票。
    送货到市内是免费的，外地要加一百二十元。
    颜色可以自己选，特别的颜色需要加钱。
    电动车的电池可以用五年左右。
    您的问题我已经记下来，店长会给您回电话。
    谢谢您的提问，还有什么可以帮您的吗？
    老客户推荐新客户没有回扣，不过会送一个雨罩。
    所有车型都可以加装儿童座椅。
    这件事请您直接问店长。
    新车卖得很好，最好提前预订。
    """.split(separator: "\n").map(String.init)

  static let ordinaryJapanese = """
    いらっしゃいませ。ご質問ありがとうございます。
    営業時間は月曜日から土曜日の九時から六時までです。
    値引きはしておりません。
    試乗は無料でできます。
    来年の価格はまだ決まっていません。
    マグパイは現在在庫があります。
    全車種に二年の保証が付いています。
    店長に直接お尋ねください。
    裏口からは入れませんので、正面からお入りください。
    鍵をなくされた場合は、新しい鍵を作ることができます。
    """.split(separator: "\n").map(String.init)

  static let ordinaryThai = """
    ร้านเปิดวันจันทร์ถึงวันเสาร์ เวลาเก้าโมงเช้าถึงหกโมงเย็น
    จักรยานทุกคันมีประกันสองปี
    ขออภัย เราไม่สามารถลดราคาได้
    ลูกค้าสามารถทดลองขี่ได้ฟรี
    ราคาขึ้นอยู่กับสีและอุปกรณ์เสริม
    ประตูหลังร้านไม่เปิดให้ลูกค้าเข้า
    เจ้าของร้านเคยเป็นคนส่งของ
    กรุณาติดต่อที่ร้านโดยตรง
    """.split(separator: "\n").map(String.init)

  @Test func `ordinary answers on the private subject pass`() {
    for (secret, citable, answers) in [
      (Self.chinese, Self.citable, Self.ordinary), (Self.japanese, "", Self.ordinaryJapanese),
      (Self.thai, "", Self.ordinaryThai),
    ] {
      let gate = Self.gate(secret, citable)
      let stopped = answers.filter { gate.violation(in: "", adding: $0) != nil }
      #expect(stopped.isEmpty, "\(stopped)")
    }
    #expect(Self.ordinary.count == 40)
  }
}
