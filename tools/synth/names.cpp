#include "names.hpp"

#include <iterator>

namespace wangge::synth {

namespace {

// Frequent ones of Guangdong first; picked with a bias to the front.
constexpr std::string_view kSurnames[] = {
    "陈", "李", "黄", "张", "梁", "林", "刘", "吴", "罗", "杨", "王",   "郑",   "何", "谢", "曾", "叶", "邓", "钟",
    "赖", "温", "周", "朱", "冯", "蔡", "彭", "许", "麦", "潘", "卢",   "徐",   "江", "余", "苏", "邱", "庄", "郭",
    "欧", "谭", "廖", "胡", "马", "关", "区", "袁", "古", "伍", "司徒", "欧阳", "詹", "赵", "黎", "莫", "方", "简",
    "容", "甄", "冼", "植", "翁", "佘", "纪", "洪", "丘", "凌", "蓝",   "雷",   "韩", "唐", "符", "招", "练", "池",
    "游", "巫", "龙", "孔", "卓", "姚", "沈", "柯", "辜", "劳", "阮",   "霍",   "邝", "骆", "程", "范"};

constexpr std::string_view kGiven[] = {
    "伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛", "明", "超", "秀",
    "霞", "平", "刚", "桂", "英", "华", "玉", "兰", "红", "梅", "建", "国", "志", "文", "海", "燕", "春", "雪",
    "晓", "东", "辉", "鹏", "飞", "琳", "玲", "婷", "慧", "莹", "倩", "颖", "嘉", "欣", "怡", "俊", "豪", "健",
    "斌", "彬", "锋", "荣", "贵", "福", "昌", "盛", "耀", "炳", "锦", "坤", "添", "润", "泽", "宇", "浩", "轩",
    "梓", "涵", "思", "诗", "雅", "佩", "珊", "珍", "琼", "瑶", "璐", "淑", "惠", "洁", "清", "柔", "少", "汉",
    "振", "兴", "卫", "民", "永", "安", "仕", "祥", "瑞", "庆", "启", "绍", "景", "远", "达", "森", "林", "松",
    "柏", "楠", "炜", "灿", "焕", "煜", "炎", "栋", "梁", "权", "威", "毅"};

constexpr std::string_view kRareGiven[] = {"㙟", "𠮷", "輋", "䶮", "堃", "喆", "㵾", "𬭚", "玥", "犇"};

constexpr std::string_view kRoadStems[] = {
    "建设", "人民", "解放", "中山", "文明", "和平", "新华", "东风", "胜利", "光明", "前进", "振兴", "富民", "兴业",
    "工业", "环城", "沿江", "滨河", "河堤", "东华", "西华", "南华", "北华", "新城", "新兴", "朝阳", "育才", "学府",
    "文化", "体育", "公园", "市场", "花园", "荔枝", "龙眼", "榕树", "木棉", "紫荆", "凤凰", "白云", "青云", "翠竹",
    "松岗", "梅园", "桃源", "莲塘", "石井", "龙江", "凤岗", "麒麟", "金龙", "银河", "金海", "海滨", "渔港", "盐田",
    "码头", "水口", "大塘", "长岭", "迎宾", "创业", "科技", "教育", "健康", "幸福", "平安", "祥和", "康乐", "永福",
    "德政", "仁爱", "崇文", "尚德", "广场", "车站", "站前", "机场", "高新", "府前"};
constexpr std::string_view kUrbanSuffixes[] = {"路", "路", "路",   "东路", "西路", "南路", "北路", "中路", "大道",
                                               "街", "街", "横街", "一街", "二街", "巷",   "一路", "二路", "三路"};
constexpr std::string_view kRuralSuffixes[] = {"路",   "路",   "街",   "巷",   "巷",  "村道",
                                               "大道", "一巷", "二巷", "三巷", "横路"};

constexpr std::string_view kEstateStems[] = {"翠湖", "碧桂", "丽景",   "怡景", "雅居", "锦绣", "金碧", "阳光",
                                             "春天", "江南", "滨江",   "荔景", "海逸", "星河", "御景", "天誉",
                                             "华景", "东方", "新世纪", "帝景", "凯旋", "富力", "万象", "君悦",
                                             "名门", "世纪", "汇景",   "云山", "珠江", "岭南", "康城", "保利"};
constexpr std::string_view kEstateSuffixes[] = {"花园", "花园", "花园", "苑",   "豪庭", "小区", "新村", "雅苑",
                                                "名苑", "广场", "公寓", "华庭", "城",   "家园", "山庄", "湾"};

constexpr std::string_view kHamletStems[] = {"上", "下", "新", "老", "大", "小", "东", "西", "南", "北", "中", "石",
                                             "龙", "塘", "田", "岭", "坑", "陈", "李", "黄", "罗", "赖", "钟"};
constexpr std::string_view kHamletSuffixes[] = {"围", "屋", "寮", "坑", "塘", "岭", "埔", "坪", "厝", "田",
                                                "洞", "墩", "背", "楼", "寨", "坝", "头", "尾", "村"};

constexpr std::string_view kDedicated[] = {
    "实验小学",   "中心小学", "第一中学",   "第二中学", "职业技术学校", "人民医院",   "中医院",     "妇幼保健院",
    "购物广场",   "百货商场", "农贸市场",   "家居城",   "人民公园",     "湿地公园",   "体育公园",   "工业园",
    "科技产业园", "物流园",   "汽车客运站", "文化广场", "水厂",         "污水处理厂", "大学城校区", "创意园"};

constexpr UnitType kUnitTypes[] = {
    {"社区", "小区"},     {"村", "自然村"},    {"学校", "小学"},   {"学校", "中学"},     {"学校", "幼儿园"},
    {"医院", "卫生院"},   {"企业", "工业园"},  {"企业", "制衣厂"}, {"企业", "电子厂"},   {"商场", "购物广场"},
    {"市场", "农贸市场"}, {"景区", "公园"},    {"车站", "客运站"}, {"工地", "建筑工地"}, {"机关", "党群服务中心"},
    {"养老", "敬老院"},   {"宗教场所", "宗祠"}};

/// Small indices are more likely: the smaller of two draws.
template <std::size_t N>
std::string_view pick_front(Random& random, std::string_view const (&list)[N]) {
    auto const a = random.below(N);
    auto const b = random.below(N);
    return list[a < b ? a : b];
}

} // namespace

std::string person_name(Random& random) {
    std::string name{pick_front(random, kSurnames)};
    auto const characters = random.chance(0.78) ? 2 : 1;
    for (int i = 0; i < characters; ++i) {
        name += random.chance(0.004) ? random.pick(kRareGiven) : random.pick(kGiven);
    }
    return name;
}

std::string road_name(Random& random, bool urban) {
    std::string name{random.pick(kRoadStems)};
    name += urban ? random.pick(kUrbanSuffixes) : random.pick(kRuralSuffixes);
    return name;
}

std::string estate_name(Random& random) {
    std::string name{random.pick(kEstateStems)};
    name += random.pick(kEstateSuffixes);
    return name;
}

std::string hamlet_name(Random& random) {
    std::string name{random.pick(kHamletStems)};
    name += random.pick(kHamletSuffixes);
    return name;
}

std::string dedicated_place(Random& random) { return std::string{random.pick(kDedicated)}; }

UnitType unit_type(Random& random, bool urban) {
    constexpr std::size_t kHomes = 2; // the first entries; one stands for towns, one for the country
    auto const k = random.below(std::size(kUnitTypes));
    return kUnitTypes[k < kHomes ? (urban ? 0 : 1) : k];
}

std::string short_village_name(std::string_view name, std::string_view town) {
    // A few committees carry the names of the divisions above them.
    if (auto const at = name.find(town); at != std::string_view::npos && name.size() - at - town.size() > 6) {
        name.remove_prefix(at + town.size());
    }
    for (std::string_view const ending :
         {"社区居民委员会", "居民委员会", "村民委员会", "社区居委会", "居委会", "村委会"}) {
        if (name.size() > ending.size() && name.ends_with(ending)) {
            auto const stem = name.substr(0, name.size() - ending.size());
            bool const community = ending.starts_with("社区");
            bool const village = ending.starts_with("村");
            std::string text{stem};
            if (community && !stem.ends_with("社区")) {
                text += "社区";
            } else if (village && !stem.ends_with("村")) {
                text += "村";
            }
            return text;
        }
    }
    return std::string{name};
}

} // namespace wangge::synth
