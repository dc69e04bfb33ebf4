#include "name_endings.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace wangge::address {

namespace {

using enum Component;

// Words as Guangdong writes them. A road may be any length; a shop's name is noise, a public building a landmark.
constexpr NameEnding kEndings[] = {
    // roads
    {U"路", road, 0.6F, 7, false, false},
    {U"大道", road, 0.4F, 6, false, false},
    {U"街", road, 1.0F, 6, false, true},
    {U"大街", road, 0.7F, 6, false, false},
    {U"横街", road, 1.0F, 5, false, true},
    {U"正街", road, 1.0F, 5, true, true},
    {U"步行街", road, 1.2F, 5, true, false},
    {U"商业街", road, 1.2F, 5, true, false},
    {U"巷", road, 0.8F, 5, false, true},
    {U"横巷", road, 0.8F, 5, false, true},
    {U"直巷", road, 0.8F, 5, false, true},
    {U"横路", road, 0.8F, 5, false, true},
    {U"横", road, 2.6F, 4, false, true},
    {U"里", road, 2.4F, 3, false, true},
    {U"直街", road, 1.0F, 5, false, true},
    {U"马路", road, 0.8F, 5, false, true},
    {U"支路", road, 0.8F, 5, false, true},
    {U"公路", road, 0.6F, 6, false, false},
    {U"国道", road, 0.4F, 5, true, true},
    {U"省道", road, 0.4F, 5, true, true},
    {U"县道", road, 0.6F, 5, true, true},
    {U"乡道", road, 0.6F, 5, false, true},
    {U"快速路", road, 0.8F, 5, false, false},
    {U"快线", road, 1.4F, 5, false, false},
    {U"环路", road, 0.8F, 4, false, true},
    {U"道", road, 1.8F, 5, false, true},
    {U"路段", road, 1.2F, 7, false, false},
    {U"段", road, 2.2F, 7, false, false},
    {U"线", road, 2.2F, 4, false, false},
    {U"桥头", landmark, 1.6F, 5, false, false},
    // estates
    {U"花园", estate, 0.5F, 7, true, false},
    {U"苑", estate, 1.2F, 6, false, false},
    {U"小区", estate, 0.5F, 7, false, false},
    {U"新村", estate, 0.9F, 6, false, false},
    {U"家园", estate, 0.8F, 6, false, false},
    {U"雅居", estate, 1.2F, 5, false, false},
    {U"豪庭", estate, 0.8F, 6, false, false},
    {U"华庭", estate, 0.8F, 6, false, false},
    {U"名庭", estate, 0.8F, 6, false, false},
    {U"庭", estate, 2.2F, 5, false, false},
    {U"轩", estate, 2.2F, 5, false, false},
    {U"阁", building, 2.2F, 5, false, false},
    {U"居", estate, 2.6F, 5, false, false},
    {U"府", estate, 2.4F, 5, false, false},
    {U"公馆", estate, 1.4F, 5, false, false},
    {U"山庄", estate, 0.9F, 6, false, false},
    {U"别墅", estate, 1.0F, 6, false, false},
    {U"宿舍", estate, 1.6F, 6, false, false},
    {U"大院", estate, 1.6F, 6, false, false},
    {U"湾", estate, 2.8F, 5, false, false},
    {U"公园里", estate, 1.8F, 5, false, false},
    {U"工业区", estate, 0.4F, 7, true, true},
    {U"工业园", estate, 0.4F, 8, true, true},
    {U"工业园区", estate, 0.4F, 8, true, true},
    {U"工业城", estate, 0.5F, 7, false, false},
    {U"工业大院", estate, 0.6F, 7, false, false},
    {U"工业小区", estate, 0.6F, 7, true, true},
    {U"工业基地", estate, 0.7F, 7, true, false},
    {U"工业村", estate, 0.7F, 7, true, true},
    {U"科技园", estate, 0.4F, 8, true, true},
    {U"科技园区", estate, 0.5F, 8, true, true},
    {U"科技城", estate, 0.6F, 8, true, false},
    {U"科学城", estate, 0.6F, 6, true, false},
    {U"科学园", estate, 0.6F, 6, true, false},
    {U"科技产业园", estate, 0.4F, 8, true, true},
    {U"科技创新园", estate, 0.4F, 8, true, true},
    {U"产业园", estate, 0.4F, 9, true, true},
    {U"产业园区", estate, 0.4F, 9, true, true},
    {U"产业城", estate, 0.6F, 9, true, false},
    {U"产业基地", estate, 0.6F, 9, true, false},
    {U"产业带", estate, 0.8F, 9, true, false},
    {U"产业转移园", estate, 0.6F, 9, true, false},
    {U"转移工业园", estate, 0.4F, 9, true, false},
    {U"创意园", estate, 0.4F, 8, true, false},
    {U"创业园", estate, 0.4F, 8, true, false},
    {U"创新园", estate, 0.5F, 8, true, false},
    {U"创客园", estate, 0.5F, 8, false, false},
    {U"软件园", estate, 0.4F, 8, true, false},
    {U"软件基地", estate, 0.6F, 8, true, false},
    {U"物流园", estate, 0.4F, 8, true, false},
    {U"生态园", estate, 0.8F, 8, true, false},
    {U"孵化园", estate, 0.6F, 8, true, false},
    {U"孵化基地", estate, 0.6F, 8, true, false},
    {U"文化园", estate, 0.8F, 8, false, false},
    {U"示范园", estate, 0.8F, 8, false, false},
    {U"园区", estate, 1.2F, 7, true, false},
    {U"园", estate, 2.0F, 6, false, false},
    {U"基地", estate, 1.2F, 8, true, false},
    {U"数码城", estate, 0.6F, 7, true, false},
    {U"电子城", estate, 0.6F, 7, true, false},
    {U"商贸城", estate, 0.6F, 7, true, false},
    {U"商业城", estate, 0.6F, 7, true, false},
    {U"商城", estate, 1.0F, 7, true, false},
    {U"建材城", estate, 0.6F, 7, true, false},
    {U"家具城", estate, 0.6F, 7, true, false},
    {U"陶瓷城", estate, 0.6F, 7, true, false},
    {U"皮革城", estate, 0.6F, 7, true, false},
    {U"服装城", estate, 0.6F, 7, true, false},
    {U"购物城", estate, 0.8F, 7, true, false},
    {U"购物广场", estate, 0.6F, 7, true, false},
    {U"新城", estate, 1.0F, 6, false, false},
    {U"花城", estate, 1.6F, 5, false, false},
    {U"城", estate, 2.0F, 6, false, false},
    {U"信息港", estate, 0.6F, 7, true, false},
    {U"创新港", estate, 0.8F, 7, true, false},
    {U"港", estate, 2.8F, 6, false, false},
    {U"市场", estate, 0.4F, 9, true, false},
    {U"批发市场", estate, 0.3F, 9, true, false},
    {U"农贸市场", estate, 0.3F, 8, true, false},
    {U"专业市场", estate, 0.4F, 8, true, false},
    {U"广场", estate, 0.5F, 8, true, false},
    {U"商业广场", estate, 0.5F, 8, true, false},
    {U"开发区", estate, 0.6F, 9, true, false},
    {U"高新区", estate, 0.8F, 6, true, false},
    {U"试验区", estate, 0.8F, 9, true, false},
    {U"保税区", estate, 0.8F, 6, true, false},
    {U"度假区", estate, 0.8F, 8, true, false},
    {U"管理区", estate, 1.2F, 6, false, true},
    {U"农场", estate, 1.2F, 6, false, false},
    {U"林场", estate, 1.2F, 6, false, false},
    {U"货场", estate, 1.2F, 6, true, false},
    {U"村", estate, 2.2F, 5, false, false},
    {U"坊", estate, 2.4F, 5, false, false},
    {U"天地", estate, 1.4F, 6, false, false},
    {U"世界", estate, 1.6F, 6, false, false},
    {U"总部", estate, 2.0F, 6, false, false},
    // buildings
    {U"大厦", building, 0.2F, 9, false, false},
    {U"商厦", building, 0.4F, 8, false, false},
    {U"大楼", building, 0.4F, 9, true, false},
    {U"写字楼", building, 0.6F, 7, true, false},
    {U"办公楼", building, 0.6F, 7, true, false},
    {U"综合楼", building, 0.6F, 7, true, false},
    {U"宿舍楼", building, 0.6F, 7, true, false},
    {U"商务楼", building, 0.6F, 7, true, false},
    {U"商住楼", building, 0.6F, 7, true, false},
    {U"教学楼", building, 0.6F, 7, true, false},
    {U"研发楼", building, 0.6F, 7, true, false},
    {U"科研楼", building, 0.6F, 7, true, false},
    {U"楼", building, 2.2F, 6, false, false},
    {U"公寓", building, 0.5F, 8, true, false},
    {U"酒店", building, 0.7F, 8, false, false},
    {U"大酒店", building, 0.6F, 8, false, false},
    {U"宾馆", building, 0.7F, 8, false, false},
    {U"商务中心", building, 0.4F, 9, true, false},
    {U"国际中心", building, 0.4F, 9, true, false},
    {U"金融中心", building, 0.4F, 9, true, false},
    {U"研发中心", building, 0.6F, 9, true, false},
    {U"商业中心", building, 0.6F, 9, true, false},
    {U"购物中心", building, 0.6F, 9, true, false},
    {U"创新中心", building, 0.6F, 9, true, false},
    {U"服务中心", landmark, 1.0F, 9, false, false},
    {U"中心", building, 1.0F, 9, false, false},
    {U"厂房", building, 1.0F, 5, true, false},
    {U"仓库", building, 1.2F, 5, true, false},
    {U"裙楼", building, 0.6F, 5, true, false},
    {U"主楼", building, 0.6F, 4, true, false},
    {U"副楼", building, 0.6F, 4, true, false},
    {U"附楼", building, 0.6F, 4, true, false},
    // groups
    {U"村民小组", group, 0.3F, 5, false, true},
    {U"小组", group, 0.6F, 5, false, true},
    {U"经济社", group, 0.5F, 5, false, true},
    {U"合作社", group, 0.8F, 5, false, true},
    {U"分社", group, 0.6F, 5, false, true},
    {U"生产队", group, 0.6F, 5, false, true},
    {U"自然村", group, 0.3F, 5, false, false},
    {U"组", group, 1.4F, 4, false, true},
    {U"队", group, 1.6F, 4, false, true},
    {U"社", group, 1.8F, 4, false, true},
    {U"围", group, 2.0F, 4, false, false},
    {U"屋", group, 2.2F, 4, false, false},
    {U"寨", group, 2.4F, 4, false, false},
    // landmarks
    {U"学校", landmark, 0.5F, 9, true, false},
    {U"小学", landmark, 0.4F, 8, false, false},
    {U"中学", landmark, 0.4F, 8, false, true},
    {U"大学", landmark, 0.5F, 8, false, false},
    {U"学院", landmark, 0.6F, 9, false, false},
    {U"幼儿园", landmark, 0.4F, 8, true, false},
    {U"医院", landmark, 0.4F, 9, true, false},
    {U"卫生院", landmark, 0.4F, 7, true, false},
    {U"卫生站", landmark, 0.6F, 7, true, false},
    {U"公园", landmark, 0.6F, 7, true, false},
    {U"车站", landmark, 0.5F, 7, true, false},
    {U"地铁站", landmark, 0.4F, 7, true, false},
    {U"公交站", landmark, 0.4F, 7, true, false},
    {U"火车站", landmark, 0.4F, 6, true, false},
    {U"汽车站", landmark, 0.4F, 6, true, false},
    {U"客运站", landmark, 0.4F, 6, true, false},
    {U"高铁站", landmark, 0.4F, 6, true, false},
    {U"加油站", landmark, 0.5F, 7, true, false},
    {U"收费站", landmark, 0.5F, 7, true, false},
    {U"机场", landmark, 0.7F, 6, true, false},
    {U"码头", landmark, 0.7F, 6, true, false},
    {U"口岸", landmark, 0.7F, 6, true, false},
    {U"出口", landmark, 1.2F, 8, true, false},
    {U"入口", landmark, 1.2F, 8, true, false},
    {U"政府", landmark, 0.5F, 6, true, false},
    {U"派出所", landmark, 0.5F, 6, true, false},
    {U"邮局", landmark, 0.7F, 6, true, false},
    {U"银行", landmark, 0.7F, 7, false, false},
    {U"支行", landmark, 0.7F, 9, false, false},
    {U"祠堂", landmark, 0.8F, 6, true, false},
    {U"宗祠", landmark, 0.8F, 6, false, false},
    {U"寺", landmark, 2.0F, 5, false, false},
    {U"庙", landmark, 2.0F, 5, false, false},
    {U"大桥", landmark, 0.8F, 6, false, false},
    {U"立交", landmark, 0.8F, 6, false, false},
    {U"立交桥", landmark, 0.6F, 6, false, false},
    {U"牌坊", landmark, 0.8F, 6, true, false},
    {U"水库", landmark, 0.9F, 6, true, false},
    {U"体育馆", landmark, 0.6F, 6, true, false},
    {U"体育场", landmark, 0.6F, 6, true, false},
    {U"图书馆", landmark, 0.6F, 6, true, false},
    {U"博物馆", landmark, 0.6F, 6, true, false},
    {U"文化站", landmark, 0.6F, 6, true, false},
    {U"十字路口", landmark, 0.6F, 4, true, false},
    {U"10字路口", landmark, 0.6F, 4, true, false},
    {U"路口", landmark, 1.0F, 7, true, false},
    // next to something
    {U"旁", landmark, 1.2F, 9, true, false},
    {U"旁边", landmark, 0.8F, 9, true, false},
    {U"侧边", landmark, 0.8F, 9, true, false},
    {U"对面", landmark, 0.6F, 9, true, false},
    {U"斜对面", landmark, 0.5F, 9, true, false},
    {U"正对面", landmark, 0.5F, 9, true, false},
    {U"附近", landmark, 0.6F, 9, true, false},
    {U"隔壁", landmark, 0.6F, 9, true, false},
    {U"后面", landmark, 0.8F, 9, true, false},
    {U"前面", landmark, 0.8F, 9, true, false},
    {U"门口", landmark, 0.8F, 9, true, false},
    {U"楼下", landmark, 0.8F, 9, true, false},
    {U"楼上", landmark, 1.0F, 9, true, false},
    {U"侧", landmark, 1.4F, 5, true, false},
    {U"东侧", landmark, 0.6F, 8, true, false},
    {U"西侧", landmark, 0.6F, 8, true, false},
    {U"南侧", landmark, 0.6F, 8, true, false},
    {U"北侧", landmark, 0.6F, 8, true, false},
    {U"以东", landmark, 0.8F, 6, true, false},
    {U"以西", landmark, 0.8F, 6, true, false},
    {U"以南", landmark, 0.8F, 6, true, false},
    {U"以北", landmark, 0.8F, 6, true, false},
    {U"交汇处", landmark, 0.4F, 0, true, false},
    {U"交会处", landmark, 0.4F, 0, true, false},
    {U"交叉口", landmark, 0.4F, 0, true, false},
    {U"交叉处", landmark, 0.4F, 0, true, false},
    {U"交界处", landmark, 0.4F, 3, true, false},
    {U"交汇", landmark, 0.8F, 0, true, false},
    // no part of an address
    {U"有限公司", noise, 0.2F, 16, false, false},
    {U"有限责任公司", noise, 0.2F, 16, false, false},
    {U"股份有限公司", noise, 0.2F, 16, false, false},
    {U"分公司", noise, 0.4F, 14, false, false},
    {U"公司", noise, 0.8F, 12, true, false},
    {U"集团", noise, 0.9F, 8, false, false},
    {U"商行", noise, 0.9F, 8, false, false},
    {U"经营部", noise, 0.6F, 8, false, false},
    {U"门市部", noise, 0.6F, 8, false, false},
    {U"服务部", noise, 0.8F, 8, false, false},
    {U"专卖店", noise, 0.8F, 8, false, false},
    {U"旗舰店", noise, 0.8F, 8, false, false},
    {U"工厂", noise, 1.4F, 8, false, false},
    {U"制品厂", noise, 0.8F, 8, false, false},
    {U"加工厂", noise, 0.8F, 8, false, false},
    {U"厂", noise, 2.2F, 8, false, false},
    {U"店", noise, 2.2F, 8, false, false},
    {U"部", noise, 2.6F, 6, false, false},
    {U"公司网址", noise, 0.2F, 0, true, false},
    {U"中国", noise, 0.4F, 0, true, false},
    {U"地址", noise, 0.4F, 4, true, false},
    {U"电话", noise, 0.4F, 2, true, false},
    {U"手机", noise, 0.4F, 0, true, false},
    {U"邮编", noise, 0.4F, 0, true, false},
    {U"联系人", noise, 0.4F, 0, true, false},
    {U"收", noise, 3.0F, 4, false, false},
};
constexpr std::size_t kCount = std::size(kEndings);

bool is_of_division(NameEnding const& ending) noexcept {
    auto const& text = ending.text;
    switch (ending.component) {
    case group:
    case noise:
        return true;
    case road: // 325国道, 东环路
        return ending.takes_ordinal && (text == U"环路" || (text.size() == 2 && text.back() == U'道'));
    case estate: // grounds that are laid out for a place, unlike its 花园, 市场, 家具城
        return ending.alone && (text.back() != U'城' || text.front() == U'科') && text.back() != U'场' &&
               text != U"花园";
    default:
        return false;
    }
}

/// The same by last character, in a table of chains.
struct EndingTable {
    std::array<NameEnding, kCount> sorted{};
    struct Place {
        char32_t last = 0;
        std::uint16_t first = 0, count = 0;
    };
    static constexpr std::size_t kPlaces = 512;
    std::array<Place, kPlaces> places{};

    static std::size_t place(char32_t c) noexcept { return (c * 0x9e3779b1U >> 20U) & (kPlaces - 1); }

    EndingTable() {
        std::copy(std::begin(kEndings), std::end(kEndings), sorted.begin());
        for (auto& ending : sorted) {
            ending.of_division = is_of_division(ending);
        }
        std::stable_sort(sorted.begin(), sorted.end(), [](NameEnding const& a, NameEnding const& b) {
            return a.text.back() != b.text.back() ? a.text.back() < b.text.back() : a.text.size() > b.text.size();
        });
        for (std::size_t i = 0; i < kCount; ++i) {
            auto at = place(sorted[i].text.back());
            while (places[at].count != 0 && places[at].last != sorted[i].text.back()) {
                at = (at + 1) & (kPlaces - 1);
            }
            if (places[at].count++ == 0) {
                places[at].last = sorted[i].text.back();
                places[at].first = static_cast<std::uint16_t>(i);
            }
        }
    }
};

} // namespace

std::span<NameEnding const> endings_in(char32_t last) noexcept {
    static EndingTable const table;
    for (auto at = EndingTable::place(last); table.places[at].count != 0; at = (at + 1) & (EndingTable::kPlaces - 1)) {
        if (table.places[at].last == last) {
            return std::span{table.sorted}.subspan(table.places[at].first, table.places[at].count);
        }
    }
    return {};
}

} // namespace wangge::address
